#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/layer.hpp"

namespace thalweg {

/// A rows × columns matrix as a product of factors W = W_1 W_2 ⋯ W_N: a deep linear net. As a
/// parameter vector the factors stand one after the other, row-major, the last of several
/// transposed (columns × hidden), so that what belongs to one column of W lies together.
class FactorChain {
 public:
  /// All inner sizes are `hidden`; 0: the smaller of rows and columns, which restricts nothing.
  /// Throws ConfigurationError for sizes or a depth below 1. Local.
  FactorChain(std::int64_t rows, std::int64_t columns, int depth, std::int64_t hidden = 0);

  [[nodiscard]] int depth() const { return static_cast<int>(sizes_.size()) - 1; }
  [[nodiscard]] std::int64_t rows() const { return sizes_.front(); }
  [[nodiscard]] std::int64_t columns() const { return sizes_.back(); }
  /// Size of the space between the factors j and j + 1; rows at 0, columns at depth.
  [[nodiscard]] std::int64_t size(int j) const { return sizes_[static_cast<std::size_t>(j)]; }
  /// Elements of all factors.
  [[nodiscard]] std::int64_t parameters() const { return offsets_.back(); }
  /// Where factor j, from 1, begins in the parameter vector.
  [[nodiscard]] std::int64_t offset(int j) const {
    return offsets_[static_cast<std::size_t>(j) - 1];
  }
  /// Is factor j stored transposed?
  [[nodiscard]] bool transposed(int j) const { return depth() > 1 && j == depth(); }
  /// The factors as named blocks "factor1", … of a parameter vector. Local.
  [[nodiscard]] std::vector<ParameterBlock> blocks() const;

 private:
  std::vector<std::int64_t> sizes_;
  std::vector<std::int64_t> offsets_;
};

/// Factor j as a row-major matrix of size(j−1) × size(j), in float64. Local.
template <class Real>
std::vector<double> factor_of(const FactorChain& chain, std::span<const Real> parameters, int j);
/// Puts it there. Local.
template <class Real>
void set_factor(const FactorChain& chain, std::span<const double> factor, int j,
                std::span<Real> parameters);
/// W, row-major, in float64. Local.
template <class Real>
std::vector<double> product_of(const FactorChain& chain, std::span<const Real> parameters);

}  // namespace thalweg
