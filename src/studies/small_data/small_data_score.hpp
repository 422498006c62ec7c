#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "studies/small_data/small_data_record.hpp"

namespace thalweg {

/// The matrices of one kernel with all labels.
struct SmallDataMatrices {
  std::vector<double> gram;   ///< pool × pool
  std::vector<double> cross;  ///< test × pool
  std::span<const std::int32_t> pool_labels;
  std::span<const std::int32_t> test_labels;
  std::int64_t classes = 0;
};

/// Kernel ridge regression on these samples of the pool, the ridge (relative to the mean of the
/// diagonal) by the least leave-one-out error. Local, 9 n³ flops. Throws Error where no ridge makes
/// the matrix positive.
SmallDataScore small_data_score(const SmallDataMatrices& of, std::span<const std::int64_t> samples,
                                const std::vector<double>& ridges);

}  // namespace thalweg
