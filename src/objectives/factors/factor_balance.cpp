#include "objectives/factors/factor_balance.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "linalg/dense_symmetric.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

namespace {

/// Sign of the determinant of a matrix of order n, by elimination with partial pivoting.
double sign_of(std::vector<double> a, std::size_t n) {
  double sign = 1.0;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i) {
      if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
    }
    if (a[pivot * n + k] == 0.0) return 0.0;
    if (pivot != k) {
      sign = -sign;
      for (std::size_t j = 0; j < n; ++j) std::swap(a[k * n + j], a[pivot * n + j]);
    }
    if (a[k * n + k] < 0.0) sign = -sign;
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / a[k * n + k];
      for (std::size_t j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  return sign;
}

std::vector<double> top_vector(const std::vector<double>& matrix, std::int64_t n) {
  const DenseEigen eigen = dense_symmetric_eigen(matrix, n);
  return {eigen.vectors.end() - n, eigen.vectors.end()};
}

}  // namespace

template <class Real>
std::vector<FactorJoint> factor_joints(const FactorChain& chain, std::span<const Real> parameters) {
  std::vector<FactorJoint> joints;
  std::vector<double> factor = factor_of(chain, parameters, 1);
  for (int j = 1; j < chain.depth(); ++j) {
    const std::int64_t n = chain.size(j);
    FactorJoint joint{std::vector<double>(static_cast<std::size_t>(n * n)),
                      std::vector<double>(static_cast<std::size_t>(n * n))};
    gemm(true, false, n, n, chain.size(j - 1), 1.0, factor.data(), factor.data(), 0.0,
         joint.left.data());
    factor = factor_of(chain, parameters, j + 1);
    gemm(false, true, n, n, chain.size(j + 1), 1.0, factor.data(), factor.data(), 0.0,
         joint.right.data());
    joints.push_back(std::move(joint));
  }
  return joints;
}

double imbalance(const std::vector<FactorJoint>& now, const std::vector<FactorJoint>& start) {
  double largest = 0.0;
  for (std::size_t j = 0; j < now.size(); ++j) {
    double square = 0.0;
    for (std::size_t i = 0; i < now[j].left.size(); ++i) {
      double change = now[j].left[i] - now[j].right[i];
      if (!start.empty()) change -= start[j].left[i] - start[j].right[i];
      square += change * change;
    }
    largest = std::max(largest, std::sqrt(square));
  }
  return largest;
}

double alignment(const FactorChain& chain, const std::vector<FactorJoint>& joints) {
  double least = 1.0;
  for (std::size_t j = 0; j < joints.size(); ++j) {
    const std::int64_t n = chain.size(static_cast<int>(j) + 1);
    const auto u = top_vector(joints[j].left, n);
    const auto v = top_vector(joints[j].right, n);
    double product = 0.0;
    for (std::size_t i = 0; i < u.size(); ++i) product += u[i] * v[i];
    least = std::min(least, product * product);
  }
  return least;
}

template <class Real>
double determinant_sign(const FactorChain& chain, std::span<const Real> parameters) {
  double sign = 1.0;
  for (int j = 1; j <= chain.depth(); ++j) {
    if (chain.size(j) != chain.size(j - 1)) {
      throw Error("the sign of a determinant was asked for of factors that are not square");
    }
    sign *= sign_of(factor_of(chain, parameters, j), static_cast<std::size_t>(chain.size(j)));
  }
  return sign;
}

template std::vector<FactorJoint> factor_joints(const FactorChain&, std::span<const float>);
template std::vector<FactorJoint> factor_joints(const FactorChain&, std::span<const double>);
template double determinant_sign(const FactorChain&, std::span<const float>);
template double determinant_sign(const FactorChain&, std::span<const double>);

}  // namespace thalweg
