#include "objectives/network/network_loss.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "base/philox.hpp"
#include "objectives/composed/double_precision.hpp"
#include "optimizers/first_order/descent.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

using testing::TinyProblem;
using Case = std::tuple<BatchNormKind, LossKind, Statistics>;

std::vector<double> random_direction(std::size_t n, std::uint64_t index) {
  Stream stream(21, Purpose::test, index);
  std::vector<double> v(n);
  for (auto& value : v) value = stream.normal();
  return v;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

class NetworkLossDerivatives : public ::testing::TestWithParam<Case> {};

// Central differences of the value along random directions, and of the gradient for the R-operator.
TEST_P(NetworkLossDerivatives, MatchDifferences) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto [norm, loss, statistics] = GetParam();
  TinyProblem<double> problem(world, norm, loss);
  problem.objective.set_statistics(statistics);
  problem.objective.reestimate_statistics(problem.point);
  const auto gradient = problem.gradient();
  const auto start = problem.point;
  for (std::uint64_t trial = 0; trial < 3; ++trial) {
    const auto v = random_direction(start.size(), trial);
    const double h = 1e-6;
    const auto moved = [&](double t) {
      for (std::size_t i = 0; i < start.size(); ++i) problem.point[i] = start[i] + t * v[i];
    };
    moved(h);
    const double up = problem.objective.value(problem.point, {});
    const auto gradient_up = problem.gradient();
    moved(-h);
    const double down = problem.objective.value(problem.point, {});
    const auto gradient_down = problem.gradient();
    moved(0.0);
    const double slope = dot(gradient, v);
    EXPECT_NEAR((up - down) / (2 * h), slope, 1e-6 * std::max(1.0, std::abs(slope)));
    const auto product = problem.hessian_vector(v);
    double gap = 0.0;
    double size = 0.0;
    for (std::size_t i = 0; i < v.size(); ++i) {
      const double difference = (gradient_up[i] - gradient_down[i]) / (2 * h);
      gap += (difference - product[i]) * (difference - product[i]);
      size += product[i] * product[i];
    }
    EXPECT_LT(std::sqrt(gap), 1e-6 * std::sqrt(size));
    EXPECT_GT(size, 0.0);
  }
  // The Hessian is symmetric.
  const auto u = random_direction(start.size(), 7);
  const auto v = random_direction(start.size(), 8);
  const double uhv = dot(u, problem.hessian_vector(v));
  EXPECT_NEAR(uhv, dot(v, problem.hessian_vector(u)), 1e-10 * std::max(1.0, std::abs(uhv)));
}

INSTANTIATE_TEST_SUITE_P(
    All, NetworkLossDerivatives,
    ::testing::Combine(::testing::Values(BatchNormKind::none, BatchNormKind::batch,
                                         BatchNormKind::ghost),
                       ::testing::Values(LossKind::cross_entropy, LossKind::squared),
                       ::testing::Values(Statistics::batch, Statistics::frozen)));

template <class Real>
struct Bits {
  std::vector<Real> gradient, product, trained;
  double value, loss, accuracy;
  std::vector<double> buffers;
  bool operator==(const Bits&) const = default;
};

template <class Real>
Bits<Real> bits_of(const Communicator& team, BatchNormKind norm, Placement placement) {
  auto options = TinyProblem<Real>::options(50);
  options.placement = placement;
  const auto data = load_data<Real>(options, team, team);
  NetworkLoss<Real> objective(team, TinyProblem<Real>::network(data, norm, {70, 33}), data,
                              LossKind::cross_entropy);
  objective.set_shards(8, 8);
  std::vector<Real> w(static_cast<std::size_t>(objective.dimension()));
  objective.network().initialise(std::span<Real>(w), 3);
  const VectorSpace& space = objective.space();
  const auto n = static_cast<std::size_t>(space.slice().size());
  std::vector<Real> slice(n);
  const auto gather = [&] {
    std::vector<Real> all(w.size());
    space.gather(std::span<const Real>(slice), std::span(all));
    return all;
  };
  Bits<Real> bits;
  bits.value = objective.gradient(w, {}, slice);
  bits.gradient = gather();
  objective.hessian_vector(w, bits.gradient, {}, slice);
  bits.product = gather();
  const auto descent = make_descent<Real>(0.9, true, 1e-4, static_cast<std::int64_t>(n));
  std::vector<std::int64_t> batch(36);
  for (int step = 0; step < 3; ++step) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      batch[i] = static_cast<std::int64_t>((i * 7 + static_cast<std::size_t>(step) * 11) % 50);
    }
    objective.training_gradient(w, batch, slice);
    descent->step(space.slice_of(std::span(w)), slice, 0.1);
    space.gather_in_place(std::span(w));
  }
  bits.trained = w;
  bits.buffers = objective.network().buffers();
  const auto test = objective.evaluate(w, data.test, Statistics::frozen);
  bits.loss = test.loss;
  bits.accuracy = test.accuracy;
  return bits;
}

// The promise: on any number of ranks, in both placements, the bits of one rank.
TEST(NetworkLoss, HasTheSameBitsOnAnyNumberOfRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  for (const auto norm : {BatchNormKind::none, BatchNormKind::batch, BatchNormKind::ghost}) {
    const auto reference = bits_of<float>(self, norm, Placement::node);
    EXPECT_TRUE(bits_of<float>(world, norm, Placement::node) == reference);
    EXPECT_TRUE(bits_of<float>(world, norm, Placement::sharded) == reference);
    EXPECT_TRUE(bits_of<double>(world, norm, Placement::node) ==
                bits_of<double>(self, norm, Placement::node));
  }
}

// An independent net, one sample and one unit at a time.
TEST(NetworkLoss, MatchesAHandWrittenNet) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world, BatchNormKind::none, LossKind::cross_entropy, {6});
  const auto& data = problem.data.train;
  const auto rows = data.all_rows();
  const std::int64_t d = data.features();
  const std::int64_t h = 6;
  const std::int64_t c = data.classes();
  const auto& w = problem.point;
  const auto at = [&w](std::int64_t i) { return w[static_cast<std::size_t>(i)]; };
  const std::int64_t b1 = h * d;
  const std::int64_t w2 = b1 + h;
  const std::int64_t b2 = w2 + c * h;
  std::vector<double> gradient(w.size(), 0.0);
  double loss = 0.0;
  for (std::int64_t n = 0; n < data.size(); ++n) {
    const double* x = rows.data() + n * d;
    std::vector<double> hidden(static_cast<std::size_t>(h));
    std::vector<double> out(static_cast<std::size_t>(c));
    for (std::int64_t j = 0; j < h; ++j) {
      double sum = at(b1 + j);
      for (std::int64_t i = 0; i < d; ++i) sum += at(j * d + i) * x[i];
      hidden[static_cast<std::size_t>(j)] = std::max(sum, 0.0);
    }
    double normaliser = 0.0;
    for (std::int64_t k = 0; k < c; ++k) {
      double sum = at(b2 + k);
      for (std::int64_t j = 0; j < h; ++j)
        sum += at(w2 + k * h + j) * hidden[static_cast<std::size_t>(j)];
      out[static_cast<std::size_t>(k)] = sum;
      normaliser += std::exp(sum);
    }
    const auto label = data.labels()[static_cast<std::size_t>(n)];
    loss += std::log(normaliser) - out[static_cast<std::size_t>(label)];
    for (std::int64_t k = 0; k < c; ++k) {
      const double delta =
          std::exp(out[static_cast<std::size_t>(k)]) / normaliser - (k == label ? 1.0 : 0.0);
      gradient[static_cast<std::size_t>(b2 + k)] += delta;
      for (std::int64_t j = 0; j < h; ++j) {
        gradient[static_cast<std::size_t>(w2 + k * h + j)] +=
            delta * hidden[static_cast<std::size_t>(j)];
        if (hidden[static_cast<std::size_t>(j)] <= 0.0) continue;
        const double back = delta * at(w2 + k * h + j);
        gradient[static_cast<std::size_t>(b1 + j)] += back;
        for (std::int64_t i = 0; i < d; ++i)
          gradient[static_cast<std::size_t>(j * d + i)] += back * x[i];
      }
    }
  }
  const auto ours = problem.gradient();
  const auto n = static_cast<double>(data.size());
  EXPECT_NEAR(problem.value, loss / n, 1e-12);
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], gradient[i] / n, 1e-12);
}

// softmax regression at W = 0 has loss ln C and H = (1/C)(I − 11ᵀ/C) ⊗ XᵀX/N.
TEST(NetworkLoss, SoftmaxRegressionAtZeroHasItsClosedForm) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world, BatchNormKind::none, LossKind::cross_entropy, {});
  std::fill(problem.point.begin(), problem.point.end(), 0.0);
  EXPECT_NEAR(problem.objective.value(problem.point, {}), std::log(10.0), 1e-14);
  const auto& data = problem.data.train;
  const auto rows = data.all_rows();
  const std::int64_t d = data.features();
  // Trace over the weights: (C−1)/C · tr Σ; over the C biases (a feature that is always 1):
  // (C−1)/C.
  double trace_sigma = 0.0;
  for (const double x : rows) trace_sigma += x * x / static_cast<double>(data.size());
  double trace = 0.0;
  std::vector<double> unit(problem.point.size(), 0.0);
  for (std::size_t i = 0; i < unit.size(); ++i) {
    unit[i] = 1.0;
    trace += problem.hessian_vector(unit)[i];
    unit[i] = 0.0;
  }
  EXPECT_NEAR(trace, 0.9 * (trace_sigma + 1.0), 1e-10);
  // One block: H e for e = (class 2, pixel 20), against the formula.
  unit[static_cast<std::size_t>(2 * d + 20)] = 1.0;
  const auto column = problem.hessian_vector(unit);
  double sigma = 0.0;
  for (std::int64_t n = 0; n < data.size(); ++n) {
    sigma += rows[static_cast<std::size_t>(n * d + 20)] *
             rows[static_cast<std::size_t>(n * d + 27)] / static_cast<double>(data.size());
  }
  EXPECT_NEAR(column[static_cast<std::size_t>(2 * d + 27)], 0.1 * 0.9 * sigma, 1e-12);
  EXPECT_NEAR(column[static_cast<std::size_t>(5 * d + 27)], -0.1 * 0.1 * sigma, 1e-12);
}

// The shard is a unit of computation: it changes rounding, never the model. Ghost groups change the
// model.
TEST(NetworkLoss, ShardsChangeOnlyRounding) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  for (const auto norm : {BatchNormKind::batch, BatchNormKind::ghost}) {
    TinyProblem<double> small(world, norm, LossKind::cross_entropy, {12, 9}, 50, 4);
    TinyProblem<double> large(world, norm, LossKind::cross_entropy, {12, 9}, 50, 20);
    const auto a = small.gradient();
    const auto b = large.gradient();
    EXPECT_NEAR(small.value, large.value, 1e-13);
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-12);
  }
  TinyProblem<double> batch(world, BatchNormKind::batch);
  TinyProblem<double> ghost(world, BatchNormKind::ghost);
  EXPECT_GT(
      std::abs(batch.objective.value(batch.point, {}) - ghost.objective.value(ghost.point, {})),
      1e-4);
}

TEST(NetworkLoss, SubsetsAverageOverTheirSamples) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world, BatchNormKind::none);
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> rest;
  for (std::int64_t i = 0; i < 50; ++i) (i < 13 ? first : rest).push_back(i);
  const double whole = problem.objective.value(problem.point, {});
  const double a = problem.objective.value(problem.point, first);
  const double b = problem.objective.value(problem.point, rest);
  EXPECT_NEAR(whole, (13 * a + 37 * b) / 50, 1e-13);
}

// A float32 objective seen in float64 is the same function to float32 rounding.
TEST(DoublePrecision, AgreesWithTheFloat64Build) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<float> narrow(world);
  TinyProblem<double> wide(world);
  DoublePrecision<float> widened(narrow.objective);
  std::vector<double> slice(static_cast<std::size_t>(widened.space().slice().size()));
  const double value = widened.gradient(wide.point, {}, slice);
  std::vector<double> all(wide.point.size());
  widened.space().gather(std::span<const double>(slice), std::span(all));
  const auto reference = wide.gradient();
  EXPECT_NEAR(value, wide.value, 1e-5);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_NEAR(all[i], reference[i], 1e-5);
}

// Not a number anywhere must show in the loss, never be cut away by a ReLU.
TEST(NetworkLoss, NanReachesTheLoss) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  for (const auto norm : {BatchNormKind::none, BatchNormKind::batch}) {
    TinyProblem<float> problem(world, norm);
    problem.point[3] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(problem.objective.value(problem.point, {})));
  }
}

}  // namespace
}  // namespace thalweg
