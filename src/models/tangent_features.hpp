#pragma once

#include <cstdint>
#include <vector>

#include "base/aligned.hpp"

namespace thalweg {

/// Everything the empirical tangent kernel needs to know of a set of samples: the factors of their
/// outputs' derivatives by every block of parameters (see TangentFactor). Memory: samples ·
/// Σ_blocks (outputs · width + right_width) numbers.
template <class Real>
struct TangentFeatures {
  struct Block {
    std::int64_t offset = 0;       ///< in the network's parameters
    std::int64_t width = 0;        ///< of left
    std::int64_t right_width = 0;  ///< 0: right is the number 1
    AlignedVector<Real> left;      ///< samples × outputs × width
    AlignedVector<Real> right;     ///< samples × right_width
    [[nodiscard]] std::int64_t parameters() const {
      return right_width == 0 ? width : width * right_width;
    }
  };
  std::int64_t samples = 0;
  std::int64_t outputs = 0;
  std::vector<Block> blocks;
};

}  // namespace thalweg
