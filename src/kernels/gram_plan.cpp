#include "kernels/gram_plan.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <set>
#include <utility>

namespace thalweg {

namespace {

std::int64_t counted_elements(const GramIdentity& identity, StripPlace place) {
  const std::int64_t width = identity.block / identity.strips;
  const std::int64_t first = place.column * identity.block + place.strip * width;
  const std::int64_t last = std::min(first + width, identity.columns);
  const std::int64_t top = place.row * identity.block;
  const std::int64_t rows = std::min(identity.block, identity.rows - top);
  std::int64_t elements = 0;
  for (std::int64_t column = first; column < last; ++column) {
    elements += identity.symmetric ? std::clamp<std::int64_t>(column - top + 1, 0, rows) : rows;
  }
  return elements;
}

template <class Rank>
double imbalance(const std::vector<StripWork>& work, int ranks, Rank rank_of) {
  std::vector<std::int64_t> loads(static_cast<std::size_t>(ranks), 0);
  for (const StripWork& item : work) loads[static_cast<std::size_t>(rank_of(item))] += item.cost;
  const auto total = std::accumulate(loads.begin(), loads.end(), std::int64_t{0});
  if (total == 0) return 1.0;
  return static_cast<double>(*std::max_element(loads.begin(), loads.end())) * ranks /
         static_cast<double>(total);
}

}  // namespace

std::vector<StripWork> strips_of(const GramIdentity& identity, bool skips_padding) {
  std::vector<StripWork> work;
  const std::int64_t whole = identity.block * identity.block / identity.strips;
  for (std::int64_t column = 0; column < identity.column_panels(); ++column) {
    for (std::int64_t row = 0; row < identity.row_panels(); ++row) {
      if (!identity.wanted(row, column)) continue;
      for (std::int64_t strip = 0; strip < identity.strips; ++strip) {
        const StripPlace place{row, column, strip};
        work.push_back({place, skips_padding ? counted_elements(identity, place) : whole, 0, 0});
      }
    }
  }
  return work;
}

std::int64_t strips_of_whole_pages(const GramIdentity& identity) {
  constexpr std::int64_t page = 4096;
  std::int64_t strips = 1;
  while (strips < identity.strips &&
         (identity.strips % strips != 0 || strips * identity.strip_bytes() % page != 0)) {
    ++strips;
  }
  return strips;
}

namespace {

/// Strips that move together: work[begin], …, work[end − 1].
struct Batch {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::int64_t cost = 0;
};

std::vector<Batch> batches_of(const std::vector<StripWork>& work, std::int64_t together) {
  std::vector<Batch> batches;
  for (std::size_t k = 0; k < work.size(); ++k) {
    const StripPlace& place = work[k].place;
    const bool begins =
        k == 0 || place.strip % together == 0 || place.strip != work[k - 1].place.strip + 1;
    if (begins) batches.push_back({k, k, 0});
    batches.back().end = k + 1;
    batches.back().cost += work[k].cost;
  }
  return batches;
}

}  // namespace

void even_out(std::vector<StripWork>& work, int ranks, std::int64_t together) {
  const std::vector<Batch> batches = batches_of(work, together);
  std::vector<std::vector<std::size_t>> lists(static_cast<std::size_t>(ranks));
  std::vector<std::int64_t> loads(lists.size(), 0);
  for (StripWork& item : work) item.worker = item.owner;
  for (std::size_t k = 0; k < batches.size(); ++k) {
    if (batches[k].cost == 0) continue;
    const auto owner = static_cast<std::size_t>(work[batches[k].begin].owner);
    lists[owner].push_back(k);
    loads[owner] += batches[k].cost;
  }
  std::set<std::pair<std::int64_t, int>> order;
  for (int rank = 0; rank < ranks; ++rank)
    order.insert({loads[static_cast<std::size_t>(rank)], rank});
  while (order.size() > 1) {
    const auto [most, from] = *order.rbegin();
    const auto [least, to] = *order.begin();
    auto& list = lists[static_cast<std::size_t>(from)];
    if (list.empty()) break;
    const Batch& batch = batches[list.back()];
    if (least + batch.cost >= most) break;
    list.pop_back();
    for (std::size_t k = batch.begin; k < batch.end; ++k) work[k].worker = to;
    order.erase({most, from});
    order.erase({least, to});
    // A strip moves once: the receiver keeps it out of its own list.
    order.insert({most - batch.cost, from});
    order.insert({least + batch.cost, to});
  }
}

double imbalance_of_owners(const std::vector<StripWork>& work, int ranks) {
  return imbalance(work, ranks, [](const StripWork& item) { return item.owner; });
}
double imbalance_of_workers(const std::vector<StripWork>& work, int ranks) {
  return imbalance(work, ranks, [](const StripWork& item) { return item.worker; });
}

}  // namespace thalweg
