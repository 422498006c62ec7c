#include "kernels/regression.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "kernels/ensemble.hpp"
#include "kernels/fully_connected_tiles.hpp"
#include "kernels/kernel_matrix.hpp"
#include "kernels/kernel_spectrum.hpp"
#include "kernels/regression_steps.hpp"
#include "linalg/dense_symmetric.hpp"
#include "linalg/factorization.hpp"
#include "linalg/upper_cholesky.hpp"

namespace thalweg {
namespace {

/// A given matrix as tiles; the padding holds what must not count.
class GivenTiles final : public KernelTiles<double> {
 public:
  GivenTiles(std::vector<std::vector<double>> matrix, std::int64_t block)
      : matrix_(std::move(matrix)), block_(block) {}
  [[nodiscard]] std::int64_t rows() const override {
    return static_cast<std::int64_t>(matrix_.size());
  }
  [[nodiscard]] std::int64_t columns() const override {
    return static_cast<std::int64_t>(matrix_.front().size());
  }
  [[nodiscard]] std::int64_t block() const override { return block_; }
  [[nodiscard]] bool symmetric() const override { return rows() == columns(); }
  void compute_strip(std::int64_t row, std::int64_t column, std::int64_t /*strip*/,
                     double* tile) const override {
    for (std::int64_t j = 0; j < block_; ++j) {
      for (std::int64_t i = 0; i < block_; ++i) {
        const std::int64_t r = row * block_ + i;
        const std::int64_t c = column * block_ + j;
        tile[i + j * block_] =
            r < rows() && c < columns()
                ? matrix_[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)]
                : 99.0;
      }
    }
  }

 private:
  std::vector<std::vector<double>> matrix_;
  std::int64_t block_;
};

TEST(Regression, TwoSamplesByHand) {
  // K = [[2, 1], [1, 3]], k = (.5, 1.5), y = (1, -1): λ = .1 · tr/n and λ = .1, in closed form.
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const ProcessGrid grid(comm);
  for (const std::int64_t block : {1, 2, 16}) {
    const GivenTiles train({{2, 1}, {1, 3}}, block);
    const GivenTiles test({{.5, 1.5}}, block);
    const ColumnOperator product = [&](std::span<const double> in, std::span<double> out) {
      multiply_by_tiles(comm, train, in, out);
    };
    for (const auto& [lambda, expected] :
         {std::pair{.25, -.43564356435643564}, {.1, -.471869328493648}}) {
      DistributedMatrix<double> gram(grid, 2, 2, block);
      EXPECT_TRUE(assemble_gram<double>(train, gram, nullptr, WorkControl{}));
      EXPECT_EQ(gram.trace(), 5.0);
      gram.add_to_diagonal(lambda);
      factor_cholesky(gram, Triangle::upper);
      const std::vector<double> targets{1, -1};
      std::vector<double> solution = targets;
      solve_upper(gram, std::span<double>(solution));
      EXPECT_NEAR(predict<double>(comm, test, solution, 1)[0], expected, 1e-15);
      EXPECT_LT(solve_residual(product, lambda, solution, targets), 1e-15);
      // The residual sees a wrong solution: K (0, 0) = 0 leaves all of Y.
      const std::vector<double> nothing{0, 0};
      EXPECT_EQ(solve_residual(product, lambda, nothing, targets), 1.0);
    }
  }
}

TEST(Regression, TrainingOfTwoSamplesByHand) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const ProcessGrid grid(comm);
  for (const std::int64_t block : {1, 16}) {
    const GivenTiles train({{2, 1}, {1, 3}}, block);
    const GivenTiles test({{.5, 1.5}}, block);
    DistributedMatrix<double> gram(grid, 2, 2, block);
    EXPECT_TRUE(assemble_gram<double>(train, gram, nullptr, WorkControl{}));
    const KernelSpectrum<double> spectrum(gram);
    const auto p = spectrum.project(std::vector<double>{1, -1});
    const LinearTraining training{1.0, 2, TrainingRule::flow, spectrum.rounding()};
    const auto at = [&](double t) {
      std::vector<double> c(2);
      for (std::size_t i = 0; i < 2; ++i)
        c[i] = gap_filter(training, spectrum.values()[i], t) * p[i];
      return spectrum.combine(c);
    };
    const double infinity = std::numeric_limits<double>::infinity();
    EXPECT_NEAR(predict<double>(comm, train, at(1.0), 1)[0], .4413044592772929, 1e-14);
    EXPECT_NEAR(predict<double>(comm, train, at(1.0), 1)[1], -.5921353704054182, 1e-14);
    EXPECT_NEAR(predict<double>(comm, test, at(1.0), 1)[0], -.2960676852027091, 1e-14);
    EXPECT_NEAR(predict<double>(comm, test, at(infinity), 1)[0], -.5, 1e-14);
    EXPECT_NEAR(largest_stable_rate(spectrum.values().back(), 2), 1.105572809000084, 1e-14);
    EXPECT_NEAR(effective_dimension(spectrum.values(), 1.0), 2.0 - 7.0 / 11.0, 1e-14);
    // (K + I)⁻¹ = [[4, -1], [-1, 3]] / 11.
    std::vector<double> inverses{1.0 / (spectrum.values()[0] + 1),
                                 1.0 / (spectrum.values()[1] + 1)};
    const auto diagonal = spectrum.combine_squares(inverses);
    EXPECT_NEAR(diagonal[0], 4.0 / 11.0, 1e-14);
    EXPECT_NEAR(diagonal[1], 3.0 / 11.0, 1e-14);

    // Ensemble: with the NNGP kernel equal to the NTK the end is the Gaussian process's posterior,
    // 2 - k K⁻¹ kᵀ = 1.25; at t = 0 it is the prior, 2. With K = identity, k_td = 0, it is
    // 2 + |A|² with A = k Θ⁻¹ = (0, .5).
    const GivenTiles alone({{2}}, block);
    const std::vector<SpectralFilter> filters{
        [&](double value) { return gap_filter(training, value, 0.0); },
        [&](double value) { return gap_filter(training, value, infinity); },
        [](double value) { return 1.0 / (value + 1.0); }};
    const auto same = ensemble_variances<double>(spectrum, test, {train, test, alone}, filters);
    EXPECT_NEAR(same[0], 2.0, 1e-14);
    EXPECT_NEAR(same[1], 1.25, 1e-14);
    const GivenTiles white({{1, 0}, {0, 1}}, block);
    const GivenTiles none({{0, 0}}, block);
    const auto other = ensemble_variances<double>(spectrum, test, {white, none, alone}, filters);
    EXPECT_NEAR(other[1], 2.25, 1e-14);
    // With a ridge of 1, A = (.5, 1.5) [[4, -1], [-1, 3]]/11 = (.5, 4)/11: 2 + |A|², and with
    // K = Θ 2 + A Θ Aᵀ - 2 A (.5, 1.5)ᵀ.
    EXPECT_NEAR(other[2], 2.0 + 16.25 / 121.0, 1e-14);
    EXPECT_NEAR(same[2], 2.0 + (2 * .25 + 2 * .5 * 4 + 3 * 16) / 121.0 - 2 * (.25 + 6) / 11.0,
                1e-14);
  }
}

/// Products of a few pixels: of little rank, zero for the blank image, negative on demand.
template <class Real>
class PixelTiles final : public KernelTiles<Real> {
 public:
  PixelTiles(Samples<Real> rows, Samples<Real> columns, std::int64_t block, double sign,
             std::int64_t pixels)
      : rows_(rows), columns_(columns), block_(block), sign_(sign), pixels_(pixels) {}
  [[nodiscard]] std::int64_t rows() const override { return rows_.size(); }
  [[nodiscard]] std::int64_t columns() const override { return columns_.size(); }
  [[nodiscard]] std::int64_t block() const override { return block_; }
  [[nodiscard]] bool symmetric() const override { return rows_.same_as(columns_); }
  void compute_strip(std::int64_t row, std::int64_t column, std::int64_t /*strip*/,
                     Real* tile) const override {
    for (std::int64_t j = 0; j < block_; ++j) {
      for (std::int64_t i = 0; i < block_; ++i) {
        const std::int64_t r = std::min(row * block_ + i, rows() - 1);
        const std::int64_t c = std::min(column * block_ + j, columns() - 1);
        double sum = 0.0;
        for (std::int64_t p = 0; p < pixels_; ++p) {
          const std::int64_t at = rows_.features() / 2 + p;
          sum +=
              static_cast<double>(rows_.rows[static_cast<std::size_t>(r * rows_.features() + at)]) *
              static_cast<double>(
                  columns_.rows[static_cast<std::size_t>(c * rows_.features() + at)]);
        }
        tile[i + j * block_] = static_cast<Real>(sign_ * sum);
      }
    }
  }

 private:
  Samples<Real> rows_;
  Samples<Real> columns_;
  std::int64_t block_;
  double sign_;
  std::int64_t pixels_;
};

template <class Real>
class PixelKernel final : public Kernel<Real> {
 public:
  explicit PixelKernel(double sign, std::int64_t pixels = 5) : sign_(sign), pixels_(pixels) {}
  [[nodiscard]] std::string description() const override { return "pixels"; }
  [[nodiscard]] std::unique_ptr<KernelTiles<Real>> between(const Communicator& /*comm*/,
                                                           const Samples<Real>& rows,
                                                           const Samples<Real>& columns,
                                                           std::int64_t block) const override {
    return std::make_unique<PixelTiles<Real>>(rows, columns, block, sign_, pixels_);
  }

 private:
  double sign_;
  std::int64_t pixels_;
};

DataOptions glyph_options(std::int64_t train, std::int64_t test) {
  DataOptions options;
  options.train = train;
  options.test = test;
  options.seed = 4;
  options.preprocess = {"unit_norm"};
  return options;
}

FullyConnectedKernel plain_kernel() {
  FullyConnectedKernel kernel;
  kernel.input_scaling = false;
  return kernel;
}

TEST(Regression, EveryMethodAndPrecisionSolvesTheSameSystem) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const auto options = glyph_options(301, 70);
  const auto data = load_data<double>(options, comm, comm);
  const auto single = load_data<float>(options, comm, comm);
  const FullyConnected<double> kernel(plain_kernel());
  const FullyConnected<float> rough(plain_kernel());
  const auto solve = [&](const RegressionOptions& chosen) {
    return kernel_regression<double>(comm, data, kernel, chosen, std::nullopt, WorkControl{});
  };
  const auto reference = solve(Ridge{1e-3, true});
  EXPECT_LT(reference.residual, 1e-13);
  RegressionOptions eigen(Ridge{1e-3, true});
  eigen.method = RegressionMethod::eigen;
  eigen.times = {0.0, std::numeric_limits<double>::infinity()};
  RegressionOptions cg(Ridge{1e-3, true});
  cg.method = RegressionMethod::cg;
  cg.tolerance = 1e-12;
  std::vector<KernelResult> others{solve(eigen)};
  std::vector<std::int64_t> iterations;
  for (const auto p : {Preconditioner::none, Preconditioner::jacobi, Preconditioner::low_rank}) {
    cg.preconditioner = p;
    cg.preconditioner_rank = 100;
    others.push_back(solve(cg));
    EXPECT_TRUE(others.back().converged);
    EXPECT_LT(others.back().residual, 1e-12);
    iterations.push_back(others.back().iterations);
  }
  EXPECT_LT(iterations[2], iterations[0]);
  others.push_back(mixed_kernel_regression(comm, single, rough, data, kernel, Ridge{1e-3, true},
                                           std::nullopt, WorkControl{}));
  EXPECT_TRUE(others.back().converged);
  EXPECT_LT(others.back().residual, 1e-10);
  EXPECT_EQ(others.back().preconditioner_shift, 0.0);
  for (const auto& other : others) {
    EXPECT_EQ(other.test_accuracy, reference.test_accuracy);
    EXPECT_NEAR(other.ridge, reference.ridge, 1e-15);
    for (std::size_t k = 0; k < reference.predictions.size(); ++k) {
      EXPECT_NEAR(other.predictions[k], reference.predictions[k], 1e-9);
    }
  }
  // Training begins at outputs 0 and ends at no training loss.
  const auto& path = others.front().trajectory;
  EXPECT_NEAR(path.train_loss[0], 0.45, 1e-12);
  EXPECT_NEAR(path.test_loss[0], 0.45, 1e-12);
  EXPECT_LT(path.train_loss[1], 1e-20);
  EXPECT_EQ(path.train_accuracy[1], 1.0);
  EXPECT_EQ(path.predictions.size(), 2 * reference.predictions.size());
  // An iteration that may not go on says so.
  cg.max_iterations = 2;
  const auto stopped = solve(cg);
  EXPECT_FALSE(stopped.converged);
  EXPECT_GT(stopped.residual, 1e-12);
}

TEST(Regression, ProductsWithTilesHaveTheBitsOfOneRank) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const Communicator self = Communicator::duplicate(MPI_COMM_SELF);
  const auto data = load_data<double>(glyph_options(333, 10), comm, comm);
  const FullyConnected<double> kernel(plain_kernel());
  const Samples<double> train{data.train.all_rows(), data.train.shape()};
  const auto tiles = kernel.between(comm, train, train, 48);
  std::vector<double> x(3 * 333);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<double>(i));
  std::vector<double> together(x.size());
  std::vector<double> alone(x.size());
  multiply_by_tiles(comm, *tiles, std::span<const double>(x), std::span<double>(together));
  multiply_by_tiles(self, *tiles, std::span<const double>(x), std::span<double>(alone));
  EXPECT_EQ(together, alone);
}

TEST(Regression, LeaveOneOutIsLeavingOneOutForEveryRidgeByFactorAndByEigenvalues) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const auto data = load_data<double>(glyph_options(37, 5), comm, comm);
  const FullyConnected<double> kernel(plain_kernel());
  const Samples<double> train{data.train.all_rows(), data.train.shape()};
  const auto gram = kernel_matrix<double>(comm, kernel, train, train);
  const auto targets = centred_one_hot(data.train.labels(), 10);
  constexpr std::size_t n = 37;
  for (const auto method : {RegressionMethod::cholesky, RegressionMethod::eigen}) {
    RegressionOptions options(Ridge{0.0, false});
    options.ridge_grid = {10.0, 0.01, 0.5};
    options.method = method;
    const auto result =
        kernel_regression<double>(comm, data, kernel, options, std::nullopt, WorkControl{});
    EXPECT_EQ(result.trials.size(), 3U);
    double least = 1e30;
    for (const RidgeTrial& trial : result.trials) {
      double error = 0.0;
      for (std::size_t left = 0; left < n; ++left) {
        std::vector<double> rest;
        std::vector<double> cross;
        std::vector<double> rest_targets;
        for (std::size_t i = 0; i < n; ++i) {
          if (i == left) continue;
          cross.push_back(gram[left * n + i]);
          for (std::size_t j = 0; j < n; ++j) {
            if (j != left) rest.push_back(gram[i * n + j]);
          }
        }
        for (std::size_t c = 0; c < 10; ++c) {
          for (std::size_t i = 0; i < n; ++i) {
            if (i != left) rest_targets.push_back(targets[i + c * n]);
          }
        }
        const auto alpha = LocalRidge(rest, rest_targets, 10).solution(trial.ridge);
        for (std::size_t c = 0; c < 10; ++c) {
          double f = 0.0;
          for (std::size_t i = 0; i + 1 < n; ++i) f += cross[i] * alpha[i + c * (n - 1)];
          const double e = f - targets[left + c * n];
          error += 0.5 * e * e / static_cast<double>(n);
        }
      }
      EXPECT_NEAR(trial.error, error, 1e-12);
      least = std::min(least, trial.error);
    }
    for (const RidgeTrial& trial : result.trials) {
      if (trial.ridge == result.ridge) {
        EXPECT_EQ(trial.error, least);
      }
    }
    EXPECT_LT(result.residual, 1e-13);
  }
}

std::string complaint(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Regression, SingularAndIndefiniteKernelsAreRefusedByTheirLeastEigenvalue) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const auto data = load_data<double>(glyph_options(40, 5), comm, comm);
  const auto single = load_data<float>(glyph_options(40, 5), comm, comm);
  for (const auto method : {RegressionMethod::cholesky, RegressionMethod::eigen}) {
    RegressionOptions options(Ridge{0.0, true});
    options.method = method;
    const auto run = [&](double sign) {
      return complaint([&] {
        kernel_regression<double>(comm, data, PixelKernel<double>(sign), options, std::nullopt,
                                  WorkControl{});
      });
    };
    // Forty samples of five numbers: at least 35 eigenvalues are zero.
    const std::string singular = run(1.0);
    EXPECT_NE(singular.find("lambda_min"), std::string::npos) << singular;
    EXPECT_NE(singular.find("35 of 40"), std::string::npos) << singular;
    EXPECT_NE(singular.find("a ridge of"), std::string::npos) << singular;
    EXPECT_EQ(singular.find("float32"), std::string::npos) << singular;
    const std::string negative = run(-1.0);
    EXPECT_NE(negative.find("lambda_min = -"), std::string::npos) << negative;
    // A ridge above makes it regular; in a grid what cannot be used is left out.
    options.ridge_grid = {0.0, 0.1};
    const auto result = kernel_regression<double>(comm, data, PixelKernel<double>(1.0), options,
                                                  std::nullopt, WorkControl{});
    EXPECT_EQ(result.trials.size(), 1U);
    EXPECT_LT(result.residual, 1e-12);
  }
  // Conjugate gradient tells the same by a residual that grows; stopped in time it keeps its best
  // iterate, which is no worse than nothing.
  RegressionOptions iterated(Ridge{0.0, true});
  iterated.method = RegressionMethod::cg;
  const auto iterate = [&] {
    return kernel_regression<double>(comm, data, PixelKernel<double>(1.0), iterated, std::nullopt,
                                     WorkControl{});
  };
  for (const auto preconditioner :
       {Preconditioner::none, Preconditioner::jacobi, Preconditioner::low_rank}) {
    iterated.preconditioner = preconditioner;
    const std::string grown = complaint([&] { iterate(); });
    EXPECT_NE(grown.find("35 of 40"), std::string::npos) << grown;
    EXPECT_NE(grown.find("a ridge of"), std::string::npos) << grown;
  }
  iterated.preconditioner = Preconditioner::none;
  iterated.max_iterations = 4;
  const auto stopped = iterate();
  EXPECT_FALSE(stopped.converged);
  EXPECT_LE(stopped.residual, 1.0);
  const std::string rough = complaint([&] {
    kernel_regression<float>(comm, single, PixelKernel<float>(1.0), Ridge{0.0, true}, std::nullopt,
                             WorkControl{});
  });
  EXPECT_NE(rough.find("mixed"), std::string::npos) << rough;
  // Mixed: the factor takes a shift, the system that is solved stays exact, as far as float64 goes
  // with a solution that is 1e8 times its targets.
  RegressionOptions options(Ridge{1e-8, true});
  options.tolerance = 1e-6;
  const auto mixed =
      mixed_kernel_regression(comm, single, PixelKernel<float>(1.0), data, PixelKernel<double>(1.0),
                              options, std::nullopt, WorkControl{});
  EXPECT_GT(mixed.preconditioner_shift, 0.0);
  EXPECT_TRUE(mixed.converged);
  EXPECT_LT(mixed.residual, 1e-6);
}

TEST(Regression, TheEnsembleHasTheRidgeOfThePredictions) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const auto data = load_data<double>(glyph_options(30, 4), comm, comm);
  const FullyConnected<double> ntk(plain_kernel());
  FullyConnectedKernel last = plain_kernel();
  last.first_trained = last.depth;
  const FullyConnected<double> nngp(last);
  const double ridge = 0.3;
  RegressionOptions options(Ridge{ridge, false});
  options.method = RegressionMethod::eigen;
  options.ensemble = true;
  const auto result =
      kernel_regression<double>(comm, data, ntk, options, std::nullopt, WorkControl{}, &nngp);
  // The same with whole matrices.
  const Samples<double> train{data.train.all_rows(), data.train.shape()};
  const Samples<double> test{data.test.all_rows(), data.test.shape()};
  const std::size_t n = 30;
  const auto theta_td = kernel_matrix<double>(comm, ntk, test, train);
  const auto k_dd = kernel_matrix<double>(comm, nngp, train, train);
  const auto k_td = kernel_matrix<double>(comm, nngp, test, train);
  const auto k_tt = kernel_matrix<double>(comm, nngp, test, test);
  const auto eigen = dense_symmetric_eigen(kernel_matrix<double>(comm, ntk, train, train), 30);
  ASSERT_EQ(result.trajectory.final_variance.size(), 4U);
  for (std::size_t t = 0; t < 4; ++t) {
    std::vector<double> a(n, 0.0);
    for (std::size_t k = 0; k < n; ++k) {
      const double* v = eigen.vectors.data() + k * n;
      double along = 0.0;
      for (std::size_t i = 0; i < n; ++i) along += v[i] * theta_td[t * n + i];
      for (std::size_t i = 0; i < n; ++i) a[i] += along / (eigen.values[k] + ridge) * v[i];
    }
    double expected = k_tt[t * 4 + t];
    for (std::size_t i = 0; i < n; ++i) {
      expected -= 2.0 * a[i] * k_td[t * n + i];
      for (std::size_t j = 0; j < n; ++j) expected += a[i] * k_dd[i * n + j] * a[j];
    }
    EXPECT_NEAR(result.trajectory.final_variance[t], expected, 1e-12);
  }
}

TEST(Regression, FewSamplesAndHugeRidges) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const FullyConnected<double> kernel(plain_kernel());
  for (const std::int64_t n : {1, 2, 5}) {
    const auto data = load_data<double>(glyph_options(n, 3), comm, comm);
    const auto single = load_data<float>(glyph_options(n, 3), comm, comm);
    for (const auto method :
         {RegressionMethod::cholesky, RegressionMethod::eigen, RegressionMethod::cg}) {
      RegressionOptions options(Ridge{1e-6, true});
      options.method = method;
      options.preconditioner = Preconditioner::low_rank;
      const auto result =
          kernel_regression<double>(comm, data, kernel, options, std::nullopt, WorkControl{});
      EXPECT_LT(result.residual, 1e-9);
      EXPECT_EQ(result.predictions.size(), 30U);
      options.ridge = {1e12, false};
      const auto damped =
          kernel_regression<double>(comm, data, kernel, options, std::nullopt, WorkControl{});
      EXPECT_NEAR(damped.test_loss, 0.45, 1e-9);  // outputs 0
    }
    const auto mixed =
        mixed_kernel_regression(comm, single, FullyConnected<float>(plain_kernel()), data, kernel,
                                Ridge{1e-6, true}, std::nullopt, WorkControl{});
    EXPECT_LT(mixed.residual, 1e-10);
  }
}

DataOptions mnist_options(const char* folder) {
  DataOptions options;
  options.source = "idx";
  options.path = std::string(folder) + "/mnist";
  options.train = 1000;
  options.test = 2000;
  options.preprocess = {"unit_norm"};
  return options;
}

TEST(Regression, MnistAgreesWithADenseComputationOutsideThisProgram) {
  const char* folder = std::getenv("THALWEG_DATA");
  if (folder == nullptr) GTEST_SKIP() << "THALWEG_DATA is not set: no real data";
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const auto data = load_data<double>(mnist_options(folder), comm, comm);
  const auto single = load_data<float>(mnist_options(folder), comm, comm);
  struct Row {
    std::int64_t depth;
    bool nngp;
    double accuracy;
    double loss;
  };
  // First 1000 training and 2000 test images; the recursion with arccos and a dense solve in numpy.
  for (const Row& row :
       {Row{1, false, 0.889, 0.13423572637754838}, Row{1, true, 0.8915, 0.13735635428503434},
        Row{3, false, 0.889, 0.13373792507901833}, Row{3, true, 0.898, 0.1258591247343152}}) {
    FullyConnectedKernel kernel;
    kernel.depth = row.depth;
    kernel.input_scaling = false;
    kernel.first_trained = row.nngp ? row.depth : 0;
    const auto result = kernel_regression<double>(comm, data, FullyConnected<double>(kernel),
                                                  Ridge{1e-6, true}, std::nullopt, WorkControl{});
    EXPECT_NEAR(result.test_accuracy, row.accuracy, 1e-12);
    EXPECT_NEAR(result.test_loss, row.loss, 1e-7);
    EXPECT_LT(result.residual, 1e-11);
    const auto mixed = mixed_kernel_regression(comm, single, FullyConnected<float>(kernel), data,
                                               FullyConnected<double>(kernel), Ridge{1e-6, true},
                                               std::nullopt, WorkControl{});
    EXPECT_NEAR(mixed.test_accuracy, row.accuracy, 1e-12);
    EXPECT_NEAR(mixed.test_loss, row.loss, 1e-7);
    EXPECT_LT(mixed.residual, 1e-10);
    const auto rough = kernel_regression<float>(comm, single, FullyConnected<float>(kernel),
                                                Ridge{1e-6, true}, std::nullopt, WorkControl{});
    EXPECT_NEAR(rough.test_accuracy, row.accuracy, 2e-3);
    EXPECT_NEAR(result.ridge, 1e-6 * (row.nngp ? 1.0 : static_cast<double>(row.depth + 1)), 1e-18);
  }
}

TEST(Regression, SinglePrecisionAndConventionGiveTheSameClasses) {
  // The scaled kernel is 2/d of the unscaled one; with a relative ridge nothing else changes.
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  DataOptions options;
  options.train = 300;
  options.test = 200;
  options.seed = 4;
  options.preprocess = {"unit_norm"};
  const auto data = load_data<double>(options, comm, comm);
  const auto single = load_data<float>(options, comm, comm);
  const Ridge ridge{1e-3, true};
  FullyConnectedKernel kernel;
  const auto scaled = kernel_regression<double>(comm, data, FullyConnected<double>(kernel), ridge,
                                                std::nullopt, WorkControl{});
  kernel.input_scaling = false;
  const auto plain = kernel_regression<double>(comm, data, FullyConnected<double>(kernel), ridge,
                                               std::nullopt, WorkControl{});
  const auto rough = kernel_regression<float>(comm, single, FullyConnected<float>(kernel), ridge,
                                              std::nullopt, WorkControl{});
  EXPECT_EQ(scaled.test_accuracy, plain.test_accuracy);
  EXPECT_GT(plain.test_accuracy, 0.5);
  EXPECT_LT(rough.residual, 1e-3);
  EXPECT_GT(rough.residual, plain.residual);
  for (std::size_t k = 0; k < plain.predictions.size(); ++k) {
    EXPECT_NEAR(scaled.predictions[k], plain.predictions[k], 1e-10);
    EXPECT_NEAR(rough.predictions[k], plain.predictions[k], 5e-3);
  }
}

}  // namespace
}  // namespace thalweg
