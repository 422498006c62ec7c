#pragma once

#include <cstdint>
#include <vector>

#include "kernels/gram_store.hpp"

namespace thalweg {

/// A strip of a tile as a piece of work.
struct StripWork {
  StripPlace place;
  std::int64_t cost = 1;  ///< in elements
  int owner = 0;          ///< the rank that needs the values
  int worker = 0;         ///< the rank that computes them
};

/// Local. The strips of a kernel matrix in order of column panel, row panel and strip, with the
/// elements that count as their cost (padding and what lies below the diagonal are free where
/// `skips_padding`, as costly kernels do), not yet given to anybody.
std::vector<StripWork> strips_of(const GramIdentity& identity, bool skips_padding);

/// Local. Gives every strip to its owner, then moves strips from the rank with most work to the one
/// with least while that shortens the longest, so that nobody idles: a lower triangle over a
/// block-cyclic grid of few panels is uneven, by about one tile row in the number of panels. Strips
/// of cost 0 stay with their owners; but so many of a tile move `together`. A function of its input
/// alone: every rank makes the same plan.
void even_out(std::vector<StripWork>& work, int ranks, std::int64_t together = 1);

/// Local. How many strips of a tile, from its first one on, fill whole pages of a file: of fewer,
/// two ranks would write into one page, which a network file system sends whole. A divisor of the
/// tile's strips.
std::int64_t strips_of_whole_pages(const GramIdentity& identity);

/// Local. Longest share of `cost` over the mean one, by owner or by worker: 1 is perfect.
double imbalance_of_owners(const std::vector<StripWork>& work, int ranks);
double imbalance_of_workers(const std::vector<StripWork>& work, int ranks);

}  // namespace thalweg
