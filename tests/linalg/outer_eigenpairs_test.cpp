#include "linalg/outer_eigenpairs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/philox.hpp"

namespace thalweg {
namespace {

/// Q diag(values) Q, Q = I − 2uuᵀ a reflection that mixes all axes.
class Mixed {
 public:
  Mixed(const VectorSpace& space, std::vector<double> values)
      : space_(space), values_(std::move(values)), u_(values_.size()) {
    double squares = 0.0;
    Stream stream(11, Purpose::test, 0);
    for (auto& x : u_) {
      x = stream.normal();
      squares += x * x;
    }
    for (auto& x : u_) x /= std::sqrt(squares);
  }
  [[nodiscard]] SymmetricOperator operator_of() const {
    return [this](std::span<const double> v, std::span<double> product) {
      std::vector<double> w(v.begin(), v.end());
      reflect(w);
      for (std::size_t i = 0; i < w.size(); ++i) w[i] *= values_[i];
      reflect(w);
      const auto mine = space_.slice_of(std::span<const double>(w));
      std::copy(mine.begin(), mine.end(), product.begin());
    };
  }
  /// The same, each element of a product off by a random factor of 1 ± ε/2.
  [[nodiscard]] SymmetricOperator rounded(double epsilon) const {
    return {
        [this, epsilon, call = 0](std::span<const double> v, std::span<double> product) mutable {
          operator_of()(v, product);
          Stream stream(12, Purpose::test, static_cast<std::uint64_t>(++call));
          double scale = 0.0;
          for (const double value : values_) scale = std::max(scale, std::abs(value));
          scale /= std::sqrt(static_cast<double>(values_.size()));
          std::vector<double> errors(values_.size());
          for (auto& error : errors) error = epsilon * scale * stream.uniform(-1.0, 1.0);
          const auto mine = space_.slice_of(std::span<const double>(errors));
          for (std::size_t i = 0; i < product.size(); ++i) product[i] += mine[i];
        },
        0.5 * epsilon};
  }

 private:
  void reflect(std::vector<double>& w) const {
    double along = 0.0;
    for (std::size_t i = 0; i < w.size(); ++i) along += u_[i] * w[i];
    for (std::size_t i = 0; i < w.size(); ++i) w[i] -= 2.0 * along * u_[i];
  }
  const VectorSpace& space_;
  std::vector<double> values_;
  std::vector<double> u_;
};

LanczosOptions wanted(std::int64_t largest, std::int64_t smallest, double tolerance = 1e-8) {
  LanczosOptions options;
  options.largest = largest;
  options.smallest = smallest;
  options.max_iterations = 300;
  options.tolerance = tolerance;
  return options;
}

void expect_pairs(const std::vector<Eigenpair>& pairs, const std::vector<double>& truth,
                  double tolerance) {
  EXPECT_EQ(pairs.size(), truth.size());
  for (std::size_t k = 0; k < std::min(pairs.size(), truth.size()); ++k) {
    EXPECT_NEAR(pairs[k].value, truth[k], tolerance) << "pair " << k;
    EXPECT_LE(pairs[k].residual, 10.0 * tolerance) << "pair " << k;
  }
}

/// Finds the outermost of a spectrum, all of them, and with a certificate that holds.
OuterEigenpairs expect_found(std::vector<double> values, std::int64_t largest,
                             std::int64_t smallest, double tolerance = 1e-8) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const VectorSpace space(world, static_cast<std::int64_t>(values.size()));
  const Mixed matrix(space, values);
  const auto found =
      outer_eigenpairs(space, matrix.operator_of(), wanted(largest, smallest, tolerance));
  std::sort(values.begin(), values.end());
  const double scale = std::max({std::abs(values.front()), std::abs(values.back()), 1e-300});
  expect_pairs(found.smallest, {values.begin(), values.begin() + smallest},
               10.0 * tolerance * scale);
  std::reverse(values.begin(), values.end());
  expect_pairs(found.largest, {values.begin(), values.begin() + largest}, 10.0 * tolerance * scale);
  EXPECT_TRUE(found.converged);
  EXPECT_TRUE(found.complete);
  const auto n = static_cast<std::int64_t>(values.size());
  if (largest + smallest < n && largest > 0) {
    const double next = values[static_cast<std::size_t>(largest)];
    EXPECT_LE(found.beyond_largest.value, next + 1e-9 * scale);
    EXPECT_GE(found.beyond_largest.bound, next - 1e-9 * scale);
  }
  return found;
}

TEST(OuterEigenpairs, MultipleEigenvaluesAreFoundAsOftenAsTheyAre) {
  std::vector<double> values{5, 5, 5, 4, 4, -3, -3, -2};
  for (int i = 0; i < 52; ++i) values.push_back(0.02 * i);
  const auto found = expect_found(values, 6, 3);
  EXPECT_NEAR(found.beyond_largest.value, 1.0, 1e-6);
  EXPECT_NEAR(found.beyond_smallest.value, 0.0, 1e-6);
  expect_found(values, 4, 0);  // cut within a multiple one
  expect_found(values, 0, 2);
}

TEST(OuterEigenpairs, ClustersBelowAndAboveTheTolerance) {
  std::vector<double> values{7, 7 - 1e-5, 7 - 2e-5, 6.9, 6.9, 6.9};
  for (int i = 0; i < 94; ++i) values.push_back(std::cos(0.4 * i));
  expect_found(values, 6, 0);
  expect_found(values, 3, 1, 1e-4);  // one value to this tolerance
}

TEST(OuterEigenpairs, DegenerateOperators) {
  const std::vector<double> zero(9, 0.0);
  EXPECT_LE(expect_found(zero, 3, 2).products, 5 + 5 + 1);
  EXPECT_NEAR(expect_found(std::vector<double>(40, 2.5), 4, 0).beyond_largest.value, 2.5, 1e-12);
  expect_found({-3.0}, 1, 0);
  expect_found({-3.0}, 0, 1);
  expect_found({1, 1}, 1, 1);
  const auto whole = expect_found({4, 4, 1, 0, 0, -2}, 3, 3);  // as many as there are
  EXPECT_TRUE(std::isnan(whole.beyond_largest.value));
  expect_found({4, 4, 1, 0, 0, -2}, 6, 0);

  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const VectorSpace space(world, 2);  // more than there are
  const Mixed two(space, {3.0, 3.0});
  const auto found = outer_eigenpairs(space, two.operator_of(), wanted(3, 2));
  expect_pairs(found.largest, {3.0, 3.0}, 1e-12);
  EXPECT_TRUE(found.smallest.empty());
  EXPECT_TRUE(found.complete);
}

// Vectors of one eigenvalue are orthogonal, and so are all others.
TEST(OuterEigenpairs, VectorsAreOrthonormal) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  std::vector<double> values(30, 1.0);
  std::fill(values.begin(), values.begin() + 4, 3.0);
  const VectorSpace space(world, 30);
  const Mixed matrix(space, values);
  const auto found = outer_eigenpairs(space, matrix.operator_of(), wanted(5, 1));
  std::vector<std::vector<double>> vectors;
  for (const auto& pair : found.largest) vectors.push_back(pair.vector_slice);
  for (const auto& pair : found.smallest) vectors.push_back(pair.vector_slice);
  for (std::size_t k = 0; k < vectors.size(); ++k) {
    const auto overlaps = space.dots(vectors, vectors[k]);
    for (std::size_t j = 0; j < overlaps.size(); ++j) {
      EXPECT_NEAR(overlaps[j], j == k ? 1.0 : 0.0, 1e-12);
    }
  }
}

// One step too few for the pairs: no certificate, and it says so.
TEST(OuterEigenpairs, WhatDidNotConvergeIsNotComplete) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  std::vector<double> values;
  for (int i = 0; i < 400; ++i) values.push_back(0.01 * i);
  const VectorSpace space(world, 400);
  const Mixed matrix(space, values);
  auto options = wanted(5, 0);
  options.max_iterations = 20;
  const auto found = outer_eigenpairs(space, matrix.operator_of(), options);
  EXPECT_FALSE(found.converged);
  EXPECT_FALSE(found.complete);
  EXPECT_EQ(found.largest.size(), 5U);
  EXPECT_TRUE(std::isnan(found.beyond_largest.value));
}

// Products of float32: a convex spectrum has no value below the rounding that the process states,
// though below the bounds of float64; what is negative beyond rounding stays so.
TEST(OuterEigenpairs, RoundingIsThatOfTheProducts) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  std::vector<double> values(200, 0.0);
  for (std::size_t i = 0; i < 30; ++i) values[i] = std::pow(0.6, static_cast<double>(i));
  const VectorSpace space(world, 200);
  const auto ritz = [&](const std::vector<double>& of) {
    const Mixed matrix(space, of);
    auto options = wanted(1, 1, 1e-12);
    options.max_iterations = 60;
    return lanczos_extremes(space, matrix.rounded(1.2e-7), options);
  };
  const auto convex = ritz(values);
  EXPECT_LT(convex.ritz_values.front(), -1e-10);
  EXPECT_GT(convex.ritz_values.front(), -convex.rounding);
  EXPECT_LT(convex.rounding, 1e-3);
  values.back() = -0.01;
  const auto saddle = ritz(values);
  EXPECT_LT(saddle.ritz_values.front(), -saddle.rounding);
}

// Of random starts on a diagonal operator no larger share lies below the bound than the risk.
TEST(OuterEigenpairs, TheBoundOfWhatAStartMissesHolds) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  constexpr std::int64_t n = 60;
  const VectorSpace space(self, n);
  const SymmetricOperator apply = [](std::span<const double> v, std::span<double> product) {
    for (std::size_t i = 0; i < v.size(); ++i) product[i] = i == 0 ? v[i] : 0.0;
  };
  constexpr int starts = 2000;
  for (const std::int64_t steps : {1, 2}) {
    int missed = 0;
    for (int draw = 0; draw < starts; ++draw) {
      LanczosProcess process(space, apply, normal_slice(space, 3, draw));
      for (std::int64_t step = 0; step < steps; ++step) process.advance();
      const auto values = process.eigen().values;
      // λ_n = 0 is known here: a bound with it in place of the least Ritz value.
      const double bound = values.back() * (1.0 + unseen_share(steps, n, 0.1));
      if (bound < 1.0 - 1e-12) ++missed;
    }
    EXPECT_LE(missed, 0.1 * starts + 3.0 * std::sqrt(0.09 * starts)) << steps;
    if (steps == 1) {
      EXPECT_GE(missed, 0.05 * starts) << "the bound of one step is sharp";
    }
  }
  EXPECT_EQ(unseen_share(1, 1, 1e-6), 0.0);
  EXPECT_LT(unseen_share(50, n, 1e-6), unseen_share(20, n, 1e-6));
}

}  // namespace
}  // namespace thalweg
