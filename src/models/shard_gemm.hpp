#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "models/batch_layout.hpp"

namespace thalweg {

/// Matrix products over the shards of a batch, with the bits of one GEMM a shard.
///
/// Several shards in one call are faster: the weights are packed once. A row's bits do not depend
/// on how many rows go with it only if the BLAS treats all rows alike, which OpenBLAS does and
/// nobody promises. So each shape is tried once on random numbers, shards together against shards
/// alone; where any bit differs, shards are computed alone. Both ways give the same bits, hence any
/// number of ranks does too.
template <class Real>
class ShardGemm {
 public:
  /// What such a trial of a product holds at most for so many rows: operands and both results.
  /// Local.
  [[nodiscard]] static std::int64_t trial_numbers(std::int64_t rows, std::int64_t n,
                                                  std::int64_t k);
  /// out (rows × n) = in (rows × k) · w, with w stored n × k (`transposed`) or k × n, for all local
  /// rows of `layout`; added to `out` with `accumulate`. Local.
  void rows_times(const BatchLayout& layout, const Real* in, const Real* w, bool transposed,
                  Real* out, std::int64_t n, std::int64_t k, bool accumulate = false);

  /// out (m × n) = aᵀ · b for one shard, a (rows × m), b (rows × n); with `add`, added to `out`
  /// with the bits of a separate addition. Local.
  void outer(std::int64_t rows, const Real* a, const Real* b, Real* out, std::int64_t m,
             std::int64_t n, bool add);

 private:
  bool together(std::int64_t rows, std::int64_t shard, bool transposed, bool accumulate,
                std::int64_t n, std::int64_t k);
  bool adds(std::int64_t rows, std::int64_t m, std::int64_t n);
  std::map<std::tuple<std::int64_t, std::int64_t, bool, bool, std::int64_t, std::int64_t>, bool>
      together_;
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, bool> adds_;
};

}  // namespace thalweg
