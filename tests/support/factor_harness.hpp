#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/philox.hpp"
#include "data/matrix_entries.hpp"
#include "linalg/dense_svd.hpp"
#include "linalg/gemm.hpp"
#include "objectives/factors/factor_chain.hpp"
#include "objectives/objective.hpp"

namespace thalweg::testing {

/// Standard normal numbers times `scale`.
template <class Real = double>
std::vector<Real> random_vector(std::int64_t n, std::uint64_t index, double scale = 1.0) {
  Stream stream(21, Purpose::test, index);
  std::vector<Real> values(static_cast<std::size_t>(n));
  for (auto& value : values) value = static_cast<Real>(scale * stream.normal());
  return values;
}

/// Elements of a row-major matrix, each with this chance; all at 1.
inline MatrixEntries some_entries(const std::vector<double>& matrix, std::int64_t columns,
                                  double share, std::uint64_t index) {
  Stream stream(22, Purpose::test, index);
  MatrixEntries entries;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    if (stream.uniform() < share) entries.add(at / columns, at % columns, matrix[i]);
  }
  return entries;
}

/// The same with normal numbers as elements.
inline MatrixEntries random_entries(std::int64_t rows, std::int64_t columns, double share,
                                    std::uint64_t index) {
  return some_entries(random_vector(rows * columns, 1000 + index), columns, share, index);
}

/// On every rank.
template <class Real>
std::vector<Real> whole_of(const VectorSpace& space, const std::vector<Real>& slice) {
  std::vector<Real> all(static_cast<std::size_t>(space.dimension()));
  space.gather(std::span<const Real>(slice), std::span<Real>(all));
  return all;
}

template <class Real>
std::vector<Real> whole_gradient(Objective<Real>& objective, const std::vector<Real>& x,
                                 Subset subset = {}) {
  std::vector<Real> slice(static_cast<std::size_t>(objective.space().slice().size()));
  objective.gradient(x, subset, slice);
  return whole_of(objective.space(), slice);
}

template <class Real>
std::vector<Real> whole_curvature(Objective<Real>& objective, const std::vector<Real>& x,
                                  const std::vector<Real>& v, Subset subset = {}) {
  std::vector<Real> slice(static_cast<std::size_t>(objective.space().slice().size()));
  objective.hessian_vector(x, v, subset, slice);
  return whole_of(objective.space(), slice);
}

template <class Real>
std::vector<double> widened(const std::vector<Real>& a) {
  return {a.begin(), a.end()};
}

/// ‖a − b‖ / ‖b‖; ‖a‖ where b is 0.
inline double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = a.size() == b.size() ? 0.0 : HUGE_VAL;
  double square = 0.0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    square += b[i] * b[i];
  }
  return std::sqrt(square > 0.0 ? difference / square : difference);
}

/// Signs of zeros count.
template <class Real>
bool same_bits(const std::vector<Real>& a, const std::vector<Real>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(Real)) == 0;
}

/// rows × columns with orthonormal columns, or rows where there are fewer of them.
inline std::vector<double> orthonormal(std::int64_t rows, std::int64_t columns,
                                       std::uint64_t index) {
  const auto svd = dense_svd(random_vector(rows * columns, index), rows, columns, true);
  std::vector<double> q(static_cast<std::size_t>(rows * columns));
  gemm(false, false, rows, columns, static_cast<std::int64_t>(svd.values.size()), 1.0,
       svd.left.data(), svd.right.data(), 0.0, q.data());
  return q;
}

/// left diag(values) rightᵀ, row-major; left is rows × values, right columns × values.
inline std::vector<double> composed(const std::vector<double>& left,
                                    const std::vector<double>& values,
                                    const std::vector<double>& right) {
  const std::size_t k = values.size();
  auto scaled = left;
  for (std::size_t i = 0; i < scaled.size(); ++i) scaled[i] *= values[i % k];
  const std::size_t rows = left.size() / k;
  const std::size_t columns = right.size() / k;
  std::vector<double> product(rows * columns);
  gemm(false, true, static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns),
       static_cast<std::int64_t>(k), 1.0, scaled.data(), right.data(), 0.0, product.data());
  return product;
}

/// Balanced factors of left diag(values) rightᵀ with bases drawn at random between them, as a
/// parameter vector.
inline std::vector<double> balanced_factors(const FactorChain& chain,
                                            const std::vector<double>& left,
                                            const std::vector<double>& values,
                                            const std::vector<double>& right) {
  const auto k = static_cast<std::int64_t>(values.size());
  std::vector<double> roots;
  for (const double value : values) roots.push_back(std::pow(value, 1.0 / chain.depth()));
  std::vector<double> x(static_cast<std::size_t>(chain.parameters()));
  auto before = left;
  for (int j = 1; j <= chain.depth(); ++j) {
    const auto after = j == chain.depth()
                           ? right
                           : orthonormal(chain.size(j), k, 500 + static_cast<std::uint64_t>(j));
    const auto factor = composed(before, roots, after);
    set_factor<double>(chain, factor, j, x);
    before = after;
  }
  return x;
}

}  // namespace thalweg::testing
