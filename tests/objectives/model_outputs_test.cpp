#include "objectives/network/model_outputs.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "base/philox.hpp"
#include "objectives/analytic/analytic.hpp"
#include "objectives/composed/double_precision.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

using testing::TinyProblem;

template <class Real>
std::vector<Real> random_numbers(std::size_t n, std::uint64_t index) {
  Stream stream(31, Purpose::test, index);
  std::vector<Real> values(n);
  for (auto& value : values) value = static_cast<Real>(stream.normal());
  return values;
}

std::vector<std::int64_t> every_other(std::int64_t n) {
  std::vector<std::int64_t> samples;
  for (std::int64_t i = 0; i < n; i += 2) samples.push_back(i);
  return samples;
}

// Outputs against differences along a direction; Jᵀ against J by ⟨u, Jv⟩ = ⟨Jᵀu, v⟩; and the mean
// over outputs of J Jᵀ, built column by column from products, against the kernel.
TEST(ModelOutputs, JacobianProductsAreTransposesAndMakeTheKernel) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  for (const auto norm : {BatchNormKind::none, BatchNormKind::batch}) {
    TinyProblem<double> problem(world, norm);
    problem.objective.set_statistics(Statistics::frozen);
    problem.objective.reestimate_statistics(problem.point);
    const auto samples = every_other(24);
    const auto& x = problem.point;
    const auto v = random_numbers<double>(x.size(), 1);
    auto moved = x;
    const auto shifted = [&](double h) {
      for (std::size_t i = 0; i < x.size(); ++i) moved[i] = x[i] + h * v[i];
      return problem.objective.outputs(moved, samples);
    };
    const auto up = shifted(1e-6);
    const auto down = shifted(-1e-6);
    const auto product = problem.objective.jacobian_product(x, v, samples);
    const auto u = random_numbers<double>(product.size(), 2);
    double forward = 0.0;
    for (std::size_t i = 0; i < product.size(); ++i) {
      EXPECT_NEAR((up[i] - down[i]) / 2e-6, product[i], 1e-7);
      forward += u[i] * product[i];
    }
    std::vector<double> slice(static_cast<std::size_t>(problem.objective.space().slice().size()));
    const auto transposed = [&](const std::vector<double>& of) {
      problem.objective.transposed_jacobian_product(x, of, samples, slice);
      return problem.whole(slice);
    };
    const auto back = transposed(u);
    EXPECT_NEAR(std::inner_product(back.begin(), back.end(), v.begin(), 0.0), forward, 1e-10);

    const auto theta = problem.objective.tangent_kernel(x, samples);
    const std::size_t n = samples.size();
    const std::size_t o = product.size() / n;
    for (const std::size_t column : {std::size_t{0}, n - 1}) {
      std::vector<double> mean(n, 0.0);
      for (std::size_t k = 0; k < o; ++k) {
        std::vector<double> unit(product.size(), 0.0);
        unit[column * o + k] = 1.0;
        const auto kernel_column = problem.objective.jacobian_product(x, transposed(unit), samples);
        for (std::size_t i = 0; i < n; ++i) {
          mean[i] += kernel_column[i * o + k] / static_cast<double>(o);
        }
      }
      for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(theta[i * n + column], mean[i], 1e-10);
    }
  }
}

TEST(ModelOutputs, HaveTheSameBitsOnAnyNumberOfRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  TinyProblem<float> one(self, BatchNormKind::none);
  TinyProblem<float> many(world, BatchNormKind::none);
  const auto& x = one.point;
  const auto v = random_numbers<float>(x.size(), 1);
  const auto f = one.objective.outputs(x, {});
  EXPECT_EQ(many.objective.outputs(x, {}), f);
  EXPECT_EQ(many.objective.outputs(x, many.data.test, {}),
            one.objective.outputs(x, one.data.test, {}));
  EXPECT_EQ(many.objective.jacobian_product(x, v, {}), one.objective.jacobian_product(x, v, {}));
  EXPECT_EQ(many.objective.tangent_kernel(x, {}), one.objective.tangent_kernel(x, {}));
  std::vector<float> a(static_cast<std::size_t>(one.objective.space().slice().size()));
  std::vector<float> b(static_cast<std::size_t>(many.objective.space().slice().size()));
  one.objective.transposed_jacobian_product(x, f, {}, a);
  many.objective.transposed_jacobian_product(x, f, {}, b);
  EXPECT_EQ(many.whole(b), one.whole(a));
}

TEST(ModelOutputs, TargetsAreCentredOneHot) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world);
  const auto samples = every_other(10);
  const auto y = problem.objective.targets(samples);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto label = problem.data.train.labels()[static_cast<std::size_t>(samples[i])];
    for (std::size_t c = 0; c < 10; ++c) {
      EXPECT_EQ(y[10 * i + c], (static_cast<std::size_t>(label) == c ? 1.0 : 0.0) - .1);
    }
  }
}

TEST(ModelOutputs, MissingOrMixedSamplesAreRefused) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world, BatchNormKind::batch);
  EXPECT_THROW(problem.objective.tangent_kernel(problem.point, {}), ConfigurationError);
  AnalyticObjective chain(world, 3, scalar_chain());
  DoublePrecision<double> widened(chain);
  EXPECT_THROW(widened.outputs(std::vector<double>(3), {}), ConfigurationError);
}

}  // namespace
}  // namespace thalweg
