#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "linalg/lanczos.hpp"
#include "objectives/analytic/analytic.hpp"
#include "objectives/composed/double_precision.hpp"
#include "objectives/curvature.hpp"
#include "probes/critical_point.hpp"
#include "probes/hessian_trace.hpp"
#include "probes/spectral_density.hpp"
#include "probes/top_eigenpairs.hpp"
#include "support/measured.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

using testing::scalar;

std::vector<double> detail(const Measurement& found, const std::string& name) {
  for (const auto& entry : found.details) {
    if (entry.name == name) return std::get<std::vector<double>>(entry.values);
  }
  ADD_FAILURE() << "no detail " << name;
  return {};
}

std::vector<double> diagonal_matrix(const std::vector<double>& values) {
  const std::size_t n = values.size();
  std::vector<double> matrix(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) matrix[i * n + i] = values[i];
  return matrix;
}

std::vector<double> second_difference(std::size_t n) {
  std::vector<double> matrix(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    matrix[i * n + i] = 2.0;
    if (i > 0) matrix[i * n + i - 1] = matrix[(i - 1) * n + i] = -1.0;
  }
  return matrix;
}

Measurement measured(Probe&& probe, std::vector<double> hessian) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto n = static_cast<std::int64_t>(std::sqrt(static_cast<double>(hessian.size())) + 0.5);
  const std::vector<double> at(static_cast<std::size_t>(n), 0.3);
  AnalyticObjective objective(world, n, quadratic(std::move(hessian), at));
  return probe.measure(objective, at, {});
}

// Signs square to 1: every sample of vᵀHv is the trace itself.
TEST(HessianTrace, IsExactForADiagonalHessian) {
  const auto found = measured(HessianTrace(TraceOptions{5, 1}), diagonal_matrix({1.0, -2.0, 10.0}));
  EXPECT_NEAR(scalar(found, "trace"), 9.0, 1e-12);
  EXPECT_NEAR(scalar(found, "trace_error"), 0.0, 1e-12);
  EXPECT_NEAR(scalar(found, "frobenius_squared"), 105.0, 1e-12);
}

// [[2, 1], [1, 2]]: the samples are 2 and 6, with variance 4 = 2 (‖H‖_F² − Σ H_ii²).
TEST(HessianTrace, HasTheVarianceOfItsFormula) {
  const std::int64_t k = 400;
  const auto found = measured(HessianTrace(TraceOptions{k, 7}), {2.0, 1.0, 1.0, 2.0});
  const double error = scalar(found, "trace_error");
  EXPECT_NEAR(scalar(found, "trace"), 4.0, 3.0 * error);
  EXPECT_NEAR(error, 2.0 / std::sqrt(k), 0.05 * 2.0 / std::sqrt(k));
}

// tridiag(−1, 2, −1), n = 10: trace 20, ‖·‖_F² 58; the error falls as 1/√vectors.
TEST(HessianTrace, OfTheSecondDifferenceIsWithinItsError) {
  double coarse = 0.0;
  for (const std::int64_t k : {25, 400}) {
    const auto found = measured(HessianTrace(TraceOptions{k, 3}), second_difference(10));
    EXPECT_NEAR(scalar(found, "trace"), 20.0, 3.0 * scalar(found, "trace_error"));
    EXPECT_NEAR(scalar(found, "frobenius_squared"), 58.0,
                3.0 * scalar(found, "frobenius_squared_error"));
    EXPECT_NEAR(scalar(found, "trace_error"), 6.0 / std::sqrt(k), 0.35 * 6.0 / std::sqrt(k));
    if (k == 25) coarse = scalar(found, "trace_error");
    if (k == 400) {
      EXPECT_NEAR(coarse / scalar(found, "trace_error"), 4.0, 1.5);
    }
  }
}

/// Root of the mean square of estimate − truth over forty seeds.
double trace_error(const std::vector<double>& hessian, double truth, std::int64_t vectors,
                   TraceMethod method) {
  double squares = 0.0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto found = measured(HessianTrace(TraceOptions{vectors, seed, method}), hessian);
    const double gap = scalar(found, "trace") - truth;
    squares += gap * gap / 40.0;
  }
  return std::sqrt(squares);
}

// Four times the vectors, half the error, from 8 to 512: the slope of its logarithm is −½.
TEST(HessianTrace, ErrorFallsAsTheRootOfTheVectors) {
  const auto hessian = second_difference(10);
  std::vector<double> errors;
  for (const std::int64_t k : {8, 32, 128, 512}) {
    errors.push_back(trace_error(hessian, 20.0, k, TraceMethod::hutchinson));
    EXPECT_NEAR(errors.back() * std::sqrt(k), 6.0, 1.5);  // 2 (58 − 40) = 36
  }
  EXPECT_NEAR(std::log(errors[3] / errors[0]) / std::log(64.0), -0.5, 0.06);
}

/// Σ_k values_k u_k u_kᵀ with orthonormal cosines u_k in n dimensions.
std::vector<double> with_spectrum(const std::vector<double>& values, std::size_t n) {
  std::vector<double> matrix(n * n, 0.0);
  for (std::size_t k = 0; k < values.size(); ++k) {
    const double norm = std::sqrt((k == 0 ? 1.0 : 2.0) / static_cast<double>(n));
    const auto element = [&](std::size_t i) {
      return norm * std::cos(M_PI * (static_cast<double>(i) + 0.5) * static_cast<double>(k) /
                             static_cast<double>(n));
    };
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) matrix[i * n + j] += values[k] * element(i) * element(j);
    }
  }
  return matrix;
}

// Rank 3 of 40 dimensions: four products find all of it. Hutchinson's signs do not.
TEST(HessianTrace, HutchPlusPlusIsExactForALowRank) {
  const auto hessian = with_spectrum({5.0, -2.0, 1.0}, 40);
  const auto found =
      measured(HessianTrace(TraceOptions{12, 3, TraceMethod::hutch_plus_plus}), hessian);
  EXPECT_NEAR(scalar(found, "trace"), 4.0, 1e-12);
  EXPECT_NEAR(scalar(found, "trace_error"), 0.0, 1e-12);
  EXPECT_EQ(scalar(found, "products"), 11.0);  // 4, a basis of 3, 4
  const auto plain = measured(HessianTrace(TraceOptions{12, 3}), hessian);
  EXPECT_GT(scalar(plain, "trace_error"), 0.1);
}

// Eigenvalues 1/k²: with as many products the error is a fraction of Hutchinson's, and its standard
// error covers it. Where the remainder of the thirds is more than a third it goes to the last.
TEST(HessianTrace, HutchPlusPlusProfitsFromADecayingSpectrum) {
  std::vector<double> values;
  double truth = 0.0;
  for (int k = 1; k <= 60; ++k) {
    values.push_back(1.0 / (k * k));
    truth += values.back();
  }
  const auto hessian = with_spectrum(values, 60);
  const double by_signs = trace_error(hessian, truth, 32, TraceMethod::hutchinson);
  const double by_thirds = trace_error(hessian, truth, 32, TraceMethod::hutch_plus_plus);
  EXPECT_LT(by_thirds, 0.2 * by_signs);
  int covered = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto found =
        measured(HessianTrace(TraceOptions{32, seed, TraceMethod::hutch_plus_plus}), hessian);
    EXPECT_EQ(scalar(found, "products"), 32.0);
    const double gap = std::abs(scalar(found, "trace") - truth);
    if (gap <= 3.0 * scalar(found, "trace_error")) ++covered;
  }
  EXPECT_GE(covered, 38);
}

// One Lanczos step exhausts the Krylov space of H = cI: the quadrature is exact.
TEST(SpectralDensity, OfAMultipleOfTheIdentityIsOneGaussian) {
  const auto found = measured(SpectralDensity(SpectralDensityOptions{3, 20, 1001, 1}),
                              diagonal_matrix(std::vector<double>(50, 2.5)));
  EXPECT_NEAR(scalar(found, "ritz_max"), 2.5, 1e-12);
  EXPECT_NEAR(scalar(found, "ritz_min"), 2.5, 1e-12);
  EXPECT_NEAR(scalar(found, "trace"), 125.0, 1e-10);
  EXPECT_EQ(scalar(found, "products"), 3.0);
  EXPECT_NEAR(scalar(found, "integral"), 1.0, 1e-8);
  const auto density = detail(found, "density");
  EXPECT_NEAR(*std::max_element(density.begin(), density.end()), 1.0 / std::sqrt(2.0 * M_PI * 1e-5),
              1e-3);
}

// As many steps as dimensions: the nodes are the eigenvalues; their mean weights 1/n, within the
// error.
TEST(SpectralDensity, OfASmallHessianHasItsEigenvaluesAsNodes) {
  const auto found =
      measured(SpectralDensity(SpectralDensityOptions{60, 10, 1001, 5}), second_difference(10));
  const auto nodes = detail(found, "ritz_value");
  const auto weights = detail(found, "ritz_weight");
  for (std::size_t i = 0; i < 10; ++i) {
    const double truth = 2.0 - 2.0 * std::cos(M_PI * static_cast<double>(i + 1) / 11.0);
    double mean = 0.0;
    for (std::size_t start = 0; start < 60; ++start) {
      EXPECT_NEAR(nodes[start * 10 + i], truth, 1e-10);
      mean += weights[start * 10 + i] / 60.0;
    }
    // A weight is Beta(1/2, 9/2): variance 2 · 9 / (100 · 12).
    EXPECT_NEAR(mean, 0.1, 3.0 * std::sqrt(0.015 / 60.0));
  }
  EXPECT_NEAR(scalar(found, "trace"), 20.0, 3.0 * scalar(found, "trace_error"));
  EXPECT_NEAR(scalar(found, "negative_share"), 0.0, 1e-15);
  EXPECT_NEAR(scalar(found, "integral"), 1.0, 1e-8);
}

// A bulk and outliers, a quarter below 0: the distribution function is near that of the dense
// spectrum. Wasserstein distance, ∫|F − F_true|, below 1 % of the range.
TEST(SpectralDensity, IsCloseToTheDenseSpectrum) {
  std::vector<double> truth;
  for (int i = 0; i < 400; ++i) truth.push_back(-1.0 + 4.0 * i / 400.0);
  for (int i = 0; i < 8; ++i) truth.push_back(10.0 + i);
  const auto found =
      measured(SpectralDensity(SpectralDensityOptions{10, 60, 2001, 2}), diagonal_matrix(truth));
  const auto grid = detail(found, "eigenvalue");
  const auto density = detail(found, "density");
  double distance = 0.0;
  double estimate = 0.0;
  for (std::size_t k = 0; k < grid.size(); ++k) {
    const double spacing = grid[1] - grid[0];
    estimate += density[k] * spacing;
    const auto below = static_cast<double>(
        std::count_if(truth.begin(), truth.end(), [&](double t) { return t <= grid[k]; }));
    distance += std::abs(estimate - below / static_cast<double>(truth.size())) * spacing;
  }
  EXPECT_LT(distance, 0.01 * 18.0);
  EXPECT_NEAR(scalar(found, "negative_share"), 100.0 / 408.0,
              3.0 * scalar(found, "negative_share_error") + 0.01);
  EXPECT_NEAR(scalar(found, "ritz_max"), 17.0, 1e-8);
}

template <class Kind, class Options>
void has_the_bits_of_one_rank(const Options& options) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const auto values = [&](const Communicator& comm) {
    testing::TinyProblem<float> problem(comm);
    DoublePrecision<float> widened(problem.objective);
    const std::vector<double> x(problem.point.begin(), problem.point.end());
    const auto found = Kind(options).measure(widened, x, {});
    std::vector<double> all;
    for (const auto& entry : found.scalars) all.push_back(entry.value);
    for (const auto& entry : found.details) {
      if (const auto* numbers = std::get_if<std::vector<double>>(&entry.values)) {
        all.insert(all.end(), numbers->begin(), numbers->end());
      }
    }
    return all;
  };
  EXPECT_EQ(testing::bits(values(world)), testing::bits(values(self)));
}

LanczosOptions pairs(std::int64_t largest, std::int64_t smallest, std::int64_t iterations = 100) {
  LanczosOptions options;
  options.largest = largest;
  options.smallest = smallest;
  options.max_iterations = iterations;
  options.tolerance = 1e-12;
  return options;
}

// The outermost of tridiag(−1, 2, −1), n = 10, from both ends.
TEST(TopEigenpairs, OfTheSecondDifferenceAreKnown) {
  const auto found = measured(TopEigenpairs(pairs(2, 1)), second_difference(10));
  const auto values = detail(found, "eigenvalue");
  EXPECT_NEAR(values[0], 3.9189859, 1e-7);
  EXPECT_NEAR(values[1], 3.6825071, 1e-7);
  EXPECT_NEAR(values[2], 0.0810141, 1e-7);
  EXPECT_LT(scalar(found, "worst_residual"), 1e-10);
  EXPECT_EQ(scalar(found, "converged"), 1.0);
}

// f = ½ Σ h_i x_i² at x: the gradient's share along e_i is (h_i x_i)² / Σ (h_j x_j)².
TEST(TopEigenpairs, GradientsShareAlongTheAxes) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective bowl(world, 3, quadratic(diagonal_matrix({1.0, 2.0, 5.0}), {0.0, 0.0, 0.0}));
  const auto found = TopEigenpairs(pairs(2, 0)).measure(bowl, std::vector<double>{3, 2, 1}, {});
  const auto shares = detail(found, "pair_gradient_share");  // gradient (3, 4, 5)
  EXPECT_NEAR(shares[0], 25.0 / 50.0, 1e-12);
  EXPECT_NEAR(shares[1], 16.0 / 50.0, 1e-12);
  EXPECT_NEAR(scalar(found, "gradient_share"), 41.0 / 50.0, 1e-12);
}

TEST(TopEigenpairs, AMultipleEigenvalueShowsAsOftenAsItIs) {
  const auto found = measured(TopEigenpairs(pairs(3, 0)), diagonal_matrix({4.0, 4.0, 4.0, 1.0}));
  for (const double value : detail(found, "eigenvalue")) EXPECT_NEAR(value, 4.0, 1e-12);
  EXPECT_EQ(scalar(found, "pairs"), 3.0);
  EXPECT_EQ(scalar(found, "complete"), 1.0);
  EXPECT_EQ(scalar(found, "multiplet_cut"), 0.0);
  EXPECT_NEAR(scalar(found, "next_largest"), 1.0, 1e-12);
  EXPECT_NEAR(scalar(found, "next_largest_bound"), 1.0, 1e-12);
  EXPECT_THROW(TopEigenpairs(pairs(3, 2)).check({{"parameters", 0, {4}}}, 1), ConfigurationError);
}

/// At zero, three equal classes of a linear softmax model on features z: the Hessian is
/// (I/3 − 11ᵀ/9) ⊗ ZᵀZ/n, whose eigenvalues are those of ZᵀZ/(3n) twice and as many zeros.
TEST(TopEigenpairs, OfASoftmaxAtZeroComeInPairs) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const std::vector<double> second_moments{1.5, 1.0, 0.9};
  std::vector<double> hessian(81, 0.0);
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b < 3; ++b) {
      for (std::size_t i = 0; i < 3; ++i) {
        hessian[(3 * a + i) * 9 + 3 * b + i] =
            ((a == b ? 1.0 / 3.0 : 0.0) - 1.0 / 9.0) * second_moments[i];
      }
    }
  }
  const std::vector<double> x{0.1, 0.2, 0.3, -0.1, 0.4, 0.0, 0.5, -0.2, 0.3};
  AnalyticObjective softmax(world, 9, quadratic(hessian, std::vector<double>(9, 0.0)));
  const auto found = TopEigenpairs(pairs(4, 1)).measure(softmax, x, {});
  const auto values = detail(found, "eigenvalue");
  const std::vector<double> truth{0.5, 0.5, 1.0 / 3.0, 1.0 / 3.0, 0.0};
  for (std::size_t k = 0; k < 5; ++k) EXPECT_NEAR(values[k], truth[k], 1e-12) << k;
  EXPECT_EQ(scalar(found, "complete"), 1.0);
  EXPECT_NEAR(scalar(found, "next_largest"), 0.3, 1e-12);
  // ‖λ P x‖² of each pair's eigenspace, P the projection on x_i less its mean over classes.
  std::vector<double> squares(3, 0.0);
  for (std::size_t i = 0; i < 3; ++i) {
    const double mean = (x[i] + x[3 + i] + x[6 + i]) / 3.0;
    for (std::size_t a = 0; a < 3; ++a) {
      const double g = second_moments[i] / 3.0 * (x[3 * a + i] - mean);
      squares[i] += g * g;
    }
  }
  const double all = squares[0] + squares[1] + squares[2];
  EXPECT_NEAR(scalar(found, "gradient_share"), (squares[0] + squares[1]) / all, 1e-12);
  const auto shares = detail(found, "pair_gradient_share");
  EXPECT_NEAR(shares[0], squares[0] / all, 1e-12);
  EXPECT_NEAR(shares[1], 0.0, 1e-12);
  EXPECT_NEAR(shares[2], squares[1] / all, 1e-12);

  // Three of them cut the second pair in two: a share in an arbitrary half of it is no number.
  const auto cut = TopEigenpairs(pairs(3, 0)).measure(softmax, x, {});
  EXPECT_EQ(scalar(cut, "multiplet_cut"), 1.0);
  EXPECT_TRUE(std::isnan(scalar(cut, "gradient_share")));
  EXPECT_NEAR(scalar(cut, "gradient_share_resolved"), squares[0] / all, 1e-12);
  EXPECT_TRUE(std::isnan(detail(cut, "pair_gradient_share")[2]));

  // The smallest, six zeros with the three missing ones, are cut by three.
  const auto low = TopEigenpairs(pairs(1, 2)).measure(softmax, x, {});
  EXPECT_NEAR(detail(low, "eigenvalue")[2], 0.0, 1e-12);
  EXPECT_EQ(scalar(low, "multiplet_cut"), 1.0);  // one of the largest two
}

TEST(TopEigenpairs, AVanishingGradientHasNoShares) {
  const auto found = measured(TopEigenpairs(pairs(2, 0)), second_difference(10));
  EXPECT_TRUE(std::isnan(scalar(found, "gradient_share")));
  EXPECT_EQ(scalar(found, "complete"), 1.0);
}

// Where its products are those of float32, rounding is no curvature.
TEST(CriticalPoint, OfAConvexLossInFloat32HasNoNegativeDirections) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  testing::TinyProblem<float> problem(world, BatchNormKind::none);
  DoublePrecision<float> widened(problem.objective);
  Curvature convex(widened, CurvatureMatrix::gauss_newton);
  EXPECT_EQ(unit_roundoff_of(static_cast<Objective<double>&>(convex)), 0x1p-24);
  const std::vector<double> x(problem.point.begin(), problem.point.end());
  auto options = pairs(1, 1, 60);
  options.tolerance = 1e-14;
  const auto found = CriticalPoint(options).measure(convex, x, std::vector<std::int64_t>{0, 1});
  EXPECT_LT(scalar(found, "lambda_min"), -1e-10 * scalar(found, "lambda_max"));
  EXPECT_EQ(scalar(found, "index_at_least"), 0.0);
  EXPECT_LT(scalar(found, "rounding"), 1e-3 * scalar(found, "lambda_max"));
}

TEST(TopEigenpairs, OfANetHasTheSameBitsOnAnyNumberOfRanks) {
  has_the_bits_of_one_rank<TopEigenpairs>(pairs(3, 2, 20));
}

TEST(HessianTrace, OfANetHasTheSameBitsOnAnyNumberOfRanks) {
  has_the_bits_of_one_rank<HessianTrace>(TraceOptions{4, 1});
}

TEST(HessianTrace, ByHutchPlusPlusHasTheSameBitsOnAnyNumberOfRanks) {
  has_the_bits_of_one_rank<HessianTrace>(TraceOptions{7, 1, TraceMethod::hutch_plus_plus});
}

TEST(SpectralDensity, OfANetHasTheSameBitsOnAnyNumberOfRanks) {
  has_the_bits_of_one_rank<SpectralDensity>(SpectralDensityOptions{2, 6, 201, 1});
}

}  // namespace
}  // namespace thalweg
