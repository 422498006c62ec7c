#include "probes/kernel_drift.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "objectives/analytic/analytic.hpp"
#include "objectives/composed/double_precision.hpp"
#include "support/measured.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

using testing::scalar;

using testing::TinyProblem;

std::vector<std::int64_t> first(std::int64_t n) {
  std::vector<std::int64_t> samples(static_cast<std::size_t>(n));
  std::iota(samples.begin(), samples.end(), 0);
  return samples;
}

/// Drift after full-batch descent to time 8 of a network in the NTK parametrisation.
double drift_after_training(const Communicator& team, std::int64_t width) {
  const auto data = load_data<float>(TinyProblem<float>::options(32), team, team);
  MlpOptions mlp;
  mlp.inputs = data.train.features();
  mlp.outputs = data.train.classes();
  mlp.widths = {width};
  mlp.batch_norm = BatchNormKind::none;
  mlp.parametrization = Parametrization::ntk;
  NetworkLoss<float> objective(team, make_mlp<float>(mlp), data, LossKind::squared);
  DoublePrecision<float> widened(objective);
  std::vector<float> w(static_cast<std::size_t>(objective.dimension()));
  objective.network().initialise(std::span<float>(w), 3);
  const std::vector<double> start(w.begin(), w.end());
  const auto samples = first(20);
  KernelDrift probe;
  probe.begin(widened, start, samples);
  EXPECT_EQ(scalar(probe.measure(widened, start, samples), "drift"), 0.0);
  EXPECT_NEAR(scalar(probe.measure(widened, start, samples), "alignment_with_start"), 1.0, 1e-12);
  const VectorSpace& space = objective.space();
  std::vector<float> gradient(static_cast<std::size_t>(space.slice().size()));
  for (int step = 0; step < 40; ++step) {
    objective.gradient(w, {}, gradient);
    const auto mine = space.slice_of(std::span(w));
    for (std::size_t i = 0; i < mine.size(); ++i) mine[i] -= .2F * gradient[i];
    space.gather_in_place(std::span(w));
  }
  const std::vector<double> end(w.begin(), w.end());
  return scalar(probe.measure(widened, end, samples), "drift");
}

TEST(KernelDrift, IsZeroAtTheStartAndFallsWithWidth) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const double narrow = drift_after_training(world, 16);
  const double wide = drift_after_training(world, 1024);
  EXPECT_GT(narrow, .01);
  EXPECT_LT(wide, narrow / 4.0);
  EXPECT_GT(wide, 0.0);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  EXPECT_EQ(drift_after_training(self, 16), narrow);
}

// A linear model's kernel is x·x' + 1 wherever it is: no drift, and the alignment with the targets
// follows by hand.
TEST(KernelDrift, LinearModelHasItsClosedForm) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world, BatchNormKind::none, LossKind::squared, {}, 50);
  const auto samples = first(7);
  KernelDrift probe;
  probe.begin(problem.objective, problem.point, samples);
  auto moved = problem.point;
  for (auto& value : moved) value *= -3.0;
  const auto found = probe.measure(problem.objective, moved, samples);
  const auto rows = problem.data.train.all_rows();
  const auto labels = problem.data.train.labels();
  const auto d = static_cast<std::size_t>(problem.data.train.features());
  double kk = 0.0;
  double ky = 0.0;
  double yy = 0.0;
  double diagonal = 0.0;
  for (std::size_t i = 0; i < 7; ++i) {
    for (std::size_t j = 0; j < 7; ++j) {
      double k = 1.0;
      for (std::size_t p = 0; p < d; ++p) k += rows[i * d + p] * rows[j * d + p];
      const double y = (labels[i] == labels[j] ? 1.0 : 0.0) - .1;
      kk += k * k;
      ky += k * y;
      yy += y * y;
      if (i == j) diagonal += k / 7.0;
    }
  }
  EXPECT_NEAR(scalar(found, "drift"), 0.0, 1e-14);
  EXPECT_NEAR(scalar(found, "alignment_with_start"), 1.0, 1e-14);
  EXPECT_NEAR(scalar(found, "alignment_with_targets"), ky / std::sqrt(kk * yy), 1e-12);
  EXPECT_NEAR(scalar(found, "mean_diagonal"), diagonal, 1e-11);
}

TEST(KernelDrift, RefusesWhatHasNoKernel) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective chain(world, 2, scalar_chain());
  KernelDrift probe;
  const std::vector<double> x{1.0, 1.0};
  EXPECT_THROW(probe.begin(chain, x, {}), ConfigurationError);
  TinyProblem<double> mixing(world, BatchNormKind::batch);
  EXPECT_THROW(probe.begin(mixing.objective, mixing.point, first(4)), ConfigurationError);
  TinyProblem<double> problem(world, BatchNormKind::none);
  EXPECT_THROW(probe.measure(problem.objective, problem.point, first(4)), Error);
}

}  // namespace
}  // namespace thalweg
