#include "objectives/curvature.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "objectives/analytic/analytic.hpp"
#include "objectives/composed/block_of.hpp"
#include "objectives/composed/double_precision.hpp"
#include "support/product_model.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

using testing::TinyProblem;

constexpr CurvatureMatrix kAll[] = {CurvatureMatrix::hessian, CurvatureMatrix::gauss_newton,
                                    CurvatureMatrix::empirical_fisher};

std::vector<double> random_numbers(std::size_t n, std::uint64_t index) {
  Stream stream(37, Purpose::test, index);
  std::vector<double> values(n);
  for (auto& value : values) value = stream.normal();
  return values;
}

/// The whole product on every rank.
std::vector<double> product(Objective<double>& objective, std::span<const double> x,
                            std::span<const double> v, Subset subset = {}) {
  std::vector<double> slice(static_cast<std::size_t>(objective.space().slice().size()));
  objective.hessian_vector(x, v, subset, slice);
  std::vector<double> whole(static_cast<std::size_t>(objective.dimension()));
  objective.space().gather(std::span<const double>(slice), std::span(whole));
  return whole;
}

/// Row-major, column by column from products.
std::vector<double> dense(Objective<double>& objective, std::span<const double> x,
                          Subset subset = {}) {
  const auto n = static_cast<std::size_t>(objective.dimension());
  std::vector<double> matrix(n * n);
  for (std::size_t j = 0; j < n; ++j) {
    std::vector<double> unit(n, 0.0);
    unit[j] = 1.0;
    const auto column = product(objective, x, unit, subset);
    for (std::size_t i = 0; i < n; ++i) matrix[i * n + j] = column[i];
  }
  return matrix;
}

void expect_near(const std::vector<double>& a, const std::vector<double>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance) << i;
}

// (1/N) Σ of explicit matrices of single samples: their gradients' outer products, and J_iᵀ H_i J_i
// with J_i column by column and H_i = diag(p) − p pᵀ, or the identity, written out.
TEST(Curvature, AgreesWithTheDenseMatricesOfSingleSamples) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  for (const auto loss : {LossKind::cross_entropy, LossKind::squared}) {
    TinyProblem<double> problem(world, BatchNormKind::none, loss, {2});
    auto& objective = problem.objective;
    const auto& x = problem.point;
    const std::vector<std::int64_t> samples{4, 0, 17, 33, 8};
    const auto n = x.size();
    std::vector<double> fisher(n * n, 0.0);
    std::vector<double> gauss_newton(n * n, 0.0);
    for (const auto& sample : samples) {
      const Subset one(&sample, 1);
      const auto g = problem.gradient(one);
      const auto f = objective.outputs(x, one);
      const std::size_t outputs = f.size();
      std::vector<double> p(outputs);
      double sum = 0.0;
      for (std::size_t o = 0; o < outputs; ++o) sum += p[o] = std::exp(f[o]);
      for (auto& share : p) share /= sum;
      std::vector<std::vector<double>> columns;
      for (std::size_t j = 0; j < n; ++j) {
        std::vector<double> unit(n, 0.0);
        unit[j] = 1.0;
        columns.push_back(objective.jacobian_product(x, unit, one));
      }
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          fisher[i * n + j] += g[i] * g[j] / 5.0;
          double plain = 0.0;
          double weighted = 0.0;
          double left = 0.0;
          double right = 0.0;
          for (std::size_t o = 0; o < outputs; ++o) {
            plain += columns[i][o] * columns[j][o];
            weighted += p[o] * columns[i][o] * columns[j][o];
            left += p[o] * columns[i][o];
            right += p[o] * columns[j][o];
          }
          const bool is_squared = loss == LossKind::squared;
          gauss_newton[i * n + j] += (is_squared ? plain : weighted - left * right) / 5.0;
        }
      }
    }
    Curvature of_fisher(objective, CurvatureMatrix::empirical_fisher);
    Curvature of_gauss_newton(objective, CurvatureMatrix::gauss_newton);
    expect_near(dense(of_fisher, x, samples), fisher, 1e-13);
    expect_near(dense(of_gauss_newton, x, samples), gauss_newton, 1e-13);
  }
}

// Outputs linear in the parameters: the Hessian is the Gauss–Newton matrix. At W = 0, with the bias
// as a feature that is 1, its trace is (C − 1)/C tr Σ.
TEST(Curvature, OfSoftmaxRegressionIsTheHessian) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world, BatchNormKind::none, LossKind::cross_entropy, {});
  Curvature gauss_newton(problem.objective, CurvatureMatrix::gauss_newton);
  const auto v = random_numbers(problem.point.size(), 1);
  expect_near(product(gauss_newton, problem.point, v), problem.hessian_vector(v), 1e-13);
  std::fill(problem.point.begin(), problem.point.end(), 0.0);
  expect_near(product(gauss_newton, problem.point, v), problem.hessian_vector(v), 1e-13);

  const auto matrix = dense(gauss_newton, problem.point);
  const auto n = problem.point.size();
  double trace = 0.0;
  for (std::size_t i = 0; i < n; ++i) trace += matrix[i * n + i];
  double of_features = 1.0;
  for (const double pixel : problem.data.train.all_rows()) of_features += pixel * pixel / 50.0;
  EXPECT_NEAR(trace, 0.9 * of_features, 1e-12 * of_features);
}

// ½‖W2 W1 − M‖²: at zero residual all of the Hessian; elsewhere the residual bends the Hessian
// alone.
TEST(Curvature, OfALinearNetIsTheHessianAtZeroResidual) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const std::vector<double> x{3, 0, 0, 1, 2, 0, 0, 0.5};
  const std::vector<double> v{0.3, -1.0, 2.0, 0.5, 0.7, 1.1, -0.4, 0.9};
  testing::ProductModel at_minimum(world, {6, 0, 0, 0.5});
  testing::ProductModel elsewhere(world, {5, 0, 0, 0.5});
  Curvature there(at_minimum, CurvatureMatrix::gauss_newton);
  Curvature away(elsewhere, CurvatureMatrix::gauss_newton);
  expect_near(product(there, x, v), product(at_minimum, x, v), 1e-14);
  expect_near(product(away, x, v), product(there, x, v), 0.0);
  // The residual is diag(1, 0): the Hessian has (R V1ᵀ, V2ᵀ R) besides.
  EXPECT_NEAR(product(elsewhere, x, v)[0] - product(away, x, v)[0], v[4], 1e-13);
  EXPECT_NEAR(product(elsewhere, x, v)[4] - product(away, x, v)[4], v[0], 1e-13);
  // One sample: its gradient's outer product, and none at the minimum.
  Curvature fisher(elsewhere, CurvatureMatrix::empirical_fisher);
  const std::vector<double> g{2, 0, 0, 0, 3, 0, 0, 0};
  const double along = 2 * v[0] + 3 * v[4];
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_NEAR(product(fisher, x, v)[i], g[i] * along, 1e-13);
  }
}

// What is kept of a point must not be taken for another's, nor for other samples'.
TEST(Curvature, FollowsThePointAndTheSamples) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world, BatchNormKind::none);
  auto moved = problem.point;
  for (auto& w : moved) w *= 1.1;
  const std::vector<std::int64_t> some{1, 2, 3};
  const std::vector<std::int64_t> others{1, 2, 4};
  const auto v = random_numbers(moved.size(), 3);
  for (const auto matrix : kAll) {
    Curvature used(problem.objective, matrix);
    product(used, problem.point, v, some);
    Curvature fresh(problem.objective, matrix);
    EXPECT_EQ(product(used, moved, v, some), product(fresh, moved, v, some));
    Curvature again(problem.objective, matrix);
    EXPECT_EQ(product(used, moved, v, others), product(again, moved, v, others));
  }
}

TEST(Curvature, NeedsOutputs) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective chain(world, 3, scalar_chain());
  EXPECT_THROW(Curvature(chain, CurvatureMatrix::gauss_newton), ConfigurationError);
  EXPECT_NO_THROW(Curvature(chain, CurvatureMatrix::hessian));
}

// A layer's own Hessian is a block of the dense one, and so is its gradient's part.
TEST(BlockOf, IsABlockOfTheWhole) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world, BatchNormKind::batch, LossKind::cross_entropy, {3});
  const auto whole = dense(problem.objective, problem.point);
  const auto gradient = problem.gradient();
  const auto n = problem.point.size();
  const auto blocks = problem.objective.parameter_blocks();
  const auto layer = blocks.back().name.substr(0, blocks.back().name.find('.'));
  for (const auto& name : {blocks[1].name, layer}) {
    const auto chosen = blocks_called(blocks, name);
    const auto first = static_cast<std::size_t>(chosen.front().offset);
    const auto size = static_cast<std::size_t>(parameter_count(chosen));
    BlockOf block(problem.objective, problem.point, name);
    ASSERT_EQ(block.dimension(), static_cast<std::int64_t>(size));
    EXPECT_EQ(block.parameter_blocks().front().offset, 0);
    const auto y = block.point();
    const auto own = dense(block, y);
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        EXPECT_NEAR(own[i * size + j], whole[(first + i) * n + first + j], 1e-14);
      }
    }
    std::vector<double> slice(static_cast<std::size_t>(block.space().slice().size()));
    EXPECT_EQ(block.gradient(y, {}, slice), problem.value);
    EXPECT_EQ(block.value(y, {}), problem.objective.value(problem.point, {}));
    for (std::size_t i = 0; i < slice.size(); ++i) {
      EXPECT_EQ(slice[i],
                gradient[first + static_cast<std::size_t>(block.space().slice().begin) + i]);
    }
  }
  EXPECT_GT(blocks_called(blocks, layer).size(), 1U);
  try {
    (void)blocks_called(blocks, "dense");
    ADD_FAILURE() << "accepted";
  } catch (const ConfigurationError& error) {
    for (const auto& block : blocks) {
      EXPECT_NE(std::string(error.what()).find(block.name), std::string::npos);
    }
  }
}

TEST(Curvature, HasTheSameBitsOnAnyNumberOfRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const auto numbers = [](const Communicator& comm, CurvatureMatrix matrix) {
    TinyProblem<float> problem(comm, BatchNormKind::batch);
    DoublePrecision<float> widened(problem.objective);
    const std::vector<double> x(problem.point.begin(), problem.point.end());
    Curvature curvature(widened, matrix);
    auto all = product(curvature, x, random_numbers(x.size(), 4));
    BlockOf block(curvature, x, problem.objective.parameter_blocks()[2].name);
    const auto y = block.point();
    const auto own = product(block, y, random_numbers(y.size(), 5));
    all.insert(all.end(), own.begin(), own.end());
    return all;
  };
  for (const auto matrix : kAll) EXPECT_EQ(numbers(world, matrix), numbers(self, matrix));
}

}  // namespace
}  // namespace thalweg
