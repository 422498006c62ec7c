#pragma once

#include <cstdint>
#include <string>

#include "data/matrix_entries.hpp"

namespace thalweg {

/// A random matrix of low rank of which some entries are seen.
struct LowRankOptions {
  std::int64_t rows = 100;
  std::int64_t columns = 100;
  std::int64_t rank = 5;
  std::int64_t observed = 2000;  ///< entries to train on
  std::int64_t validation = 0;   ///< entries seen beside them
  double coherence = 0.0;        ///< exponent by which the factors' rows fall off; 0: incoherent
  double noise = 0.0;  ///< standard deviation of what is added to seen entries, whose root mean
                       ///< square is 1
  std::string law = "normal";  ///< of the factors' entries; or "uniform", on [−1, 1)
};

/// Draws M = c U Vᵀ, U rows × rank and V columns × rank of independent entries, row i (from 0) of
/// both times (i+1)^(−coherence), c such that ‖M‖_F = √(rows·columns). `observed` of all positions,
/// drawn without replacement, are to train on, `validation` further ones for validation, all others
/// for test; independent normal noise is added to the first two. At one seed the matrix, and the
/// noise of an entry, are the same for any `observed`, and what is observed grows with it. Local,
/// with the same bits on every rank. Throws ConfigurationError naming the option.
[[nodiscard]] MatrixSample low_rank_sample(const LowRankOptions& options, std::uint64_t seed);

}  // namespace thalweg
