#include "probes/curvature_probe.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "base/error.hpp"
#include "linalg/dense_symmetric.hpp"
#include "objectives/composed/block_of.hpp"
#include "probes/hessian_extremes.hpp"
#include "probes/hessian_trace.hpp"
#include "probes/spectral_density.hpp"
#include "probes/top_eigenpairs.hpp"
#include "support/bits.hpp"
#include "support/product_model.hpp"

namespace thalweg {
namespace {

using testing::detail;
using testing::scalar;

LanczosOptions precise(std::int64_t largest, std::int64_t smallest) {
  LanczosOptions options;
  options.largest = largest;
  options.smallest = smallest;
  options.tolerance = 1e-13;
  options.max_iterations = 400;
  return options;
}

// ½‖W2 W1 − M‖², W2 = diag(3, 1), W1 = diag(2, ½): σ_i(W2)² + σ_j(W1)² are the Gauss–Newton
// eigenvalues at any M, and the Hessian's at zero residual alone.
TEST(CurvatureProbe, EigenvaluesOfALinearNetAreSumsOfSquares) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const std::vector<double> x{3, 0, 0, 1, 2, 0, 0, 0.5};
  const std::vector<double> known{13.0, 9.25, 5.0, 1.25};
  const auto eigenvalues = [&](testing::ProductModel& model, CurvatureMatrix matrix) {
    CurvatureProbe probe(std::make_unique<TopEigenpairs>(precise(4, 0)), matrix, "");
    return detail<double>(probe.measure(model, x, {}), "eigenvalue");
  };
  testing::ProductModel at_minimum(world, {6, 0, 0, 0.5});
  testing::ProductModel elsewhere(world, {4, 0, 0, 0.5});
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_NEAR(eigenvalues(at_minimum, CurvatureMatrix::hessian)[k], known[k], 1e-10);
    EXPECT_NEAR(eigenvalues(at_minimum, CurvatureMatrix::gauss_newton)[k], known[k], 1e-10);
    EXPECT_NEAR(eigenvalues(elsewhere, CurvatureMatrix::gauss_newton)[k], known[k], 1e-10);
  }
  EXPECT_GT(std::abs(eigenvalues(elsewhere, CurvatureMatrix::hessian)[0] - 13.0), 0.01);
  // One sample's gradient g: the one eigenvalue ‖g‖², here of (2·2, 0, 0, 0, 3·2, 0, 0, 0).
  EXPECT_NEAR(eigenvalues(elsewhere, CurvatureMatrix::empirical_fisher)[0], 52.0, 1e-10);
}

// A layer's extremes are those of its block of the dense Hessian, without zeros of the other
// parameters.
TEST(CurvatureProbe, ExtremesOfALayerAreThoseOfItsBlock) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  testing::TinyProblem<double> problem(world, BatchNormKind::none, LossKind::cross_entropy, {3});
  const auto blocks = problem.objective.parameter_blocks();
  const auto layer = blocks.back().name.substr(0, blocks.back().name.find('.'));
  const auto chosen = blocks_called(blocks, layer);
  const auto size = static_cast<std::size_t>(parameter_count(chosen));
  const auto first = static_cast<std::size_t>(chosen.front().offset);
  std::vector<double> dense;
  for (std::size_t j = 0; j < size; ++j) {
    std::vector<double> unit(problem.point.size(), 0.0);
    unit[first + j] = 1.0;
    const auto column = problem.hessian_vector(unit);
    dense.insert(dense.end(), column.begin() + static_cast<std::ptrdiff_t>(first),
                 column.begin() + static_cast<std::ptrdiff_t>(first + size));
  }
  const auto truth = dense_symmetric_eigen(dense, static_cast<std::int64_t>(size));
  CurvatureProbe probe(std::make_unique<HessianExtremes>(precise(1, 1)), CurvatureMatrix::hessian,
                       layer);
  const auto found = probe.measure(problem.objective, problem.point, {});
  EXPECT_NEAR(scalar(found, "lambda_max"), truth.values.back(), 1e-10);
  EXPECT_NEAR(scalar(found, "lambda_min"), truth.values.front(), 1e-10);
  // The blocks of its trace are the layer's own.
  CurvatureProbe trace(std::make_unique<HessianTrace>(TraceOptions{2, 1}), CurvatureMatrix::hessian,
                       layer);
  const auto traced = trace.measure(problem.objective, problem.point, {});
  EXPECT_EQ(detail<std::string>(traced, "block_name").size(), chosen.size());
  EXPECT_EQ(trace.attributes(),
            (std::map<std::string, std::string>{{"matrix", "hessian"}, {"block", layer}}));
}

TEST(CurvatureProbe, ChecksWithinTheBlock) {
  const std::vector<ParameterBlock> blocks{
      {"dense1.weight", 0, {6, 2}}, {"dense1.bias", 12, {6}}, {"dense2.weight", 18, {3, 6}}};
  const auto probe = [](const std::string& block) {
    return CurvatureProbe(std::make_unique<TopEigenpairs>(precise(7, 0)),
                          CurvatureMatrix::gauss_newton, block);
  };
  EXPECT_NO_THROW(probe("").check(blocks, 10));
  EXPECT_NO_THROW(probe("dense1").check(blocks, 10));
  EXPECT_NO_THROW(probe("dense2.weight").check(blocks, 10));
  EXPECT_THROW(probe("dense1.bias").check(blocks, 10), ConfigurationError);  // 6 < 7
  EXPECT_THROW(probe("dense3").check(blocks, 10), ConfigurationError);
  EXPECT_EQ(probe("").attributes(),
            (std::map<std::string, std::string>{{"matrix", "gauss_newton"}}));
}

TEST(CurvatureProbe, OfANetHasTheSameBitsOnAnyNumberOfRanks) {
  for (const auto matrix : {CurvatureMatrix::gauss_newton, CurvatureMatrix::empirical_fisher}) {
    for (const std::string block : {"", "dense2"}) {
      testing::expect_the_bits_of_one_rank([&] {
        return CurvatureProbe(
            std::make_unique<SpectralDensity>(SpectralDensityOptions{2, 5, 101, 1}), matrix, block);
      });
      testing::expect_the_bits_of_one_rank([&] {
        return CurvatureProbe(
            std::make_unique<HessianTrace>(TraceOptions{6, 1, TraceMethod::hutch_plus_plus}),
            matrix, block);
      });
    }
  }
}

}  // namespace
}  // namespace thalweg
