#include <gtest/gtest.h>

#include <cmath>

#include "base/philox.hpp"
#include "optimizers/support.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kDimension = 5000;

/// Cut within, at and across blocks of vectors, with a gap before the last.
std::vector<ParameterBlock> blocks() {
  return {{"w1", 0, {70, 10}, false}, {"b1", 700, {33}, true},       {"w2", 733, {315}, false},
          {"b2", 1048, {1}, true},    {"w3", 1049, {25, 80}, false}, {"w4", 4096, {904}, false}};
}

/// A function whose gradient mixes coordinates of different ranks.
template <class Real>
typename Stepper<Real>::Gradient mixing(const VectorSpace& space) {
  return [&space](std::span<const Real> w, std::span<Real> gradient) {
    const auto begin = static_cast<std::size_t>(space.slice().begin);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const std::size_t k = begin + i;
      gradient[i] = static_cast<Real>(0.1 + static_cast<double>(k % 7)) * w[k] +
                    std::sin(w[(k * 2741 + 17) % w.size()]);
    }
    return space.norm(std::span<const Real>(gradient));
  };
}

template <class Real>
std::vector<Real> start() {
  std::vector<Real> w(kDimension);
  Stream stream(3, Purpose::test, 0);
  for (auto& x : w) x = static_cast<Real>(stream.normal());
  return w;
}

/// Parameters, then the whole state, then the losses.
template <class Real>
std::vector<Real> trajectory(const Communicator& comm, const OptimizerOptions& options) {
  const VectorSpace space(comm, kDimension);
  Stepper<Real> stepper(space, blocks(), options);
  auto w = start<Real>();
  std::vector<Real> losses;
  for (int k = 0; k < 6; ++k) {
    losses.push_back(static_cast<Real>(stepper.step(w, 0.05, mixing<Real>(space))));
  }
  std::vector<Real> whole(w.size());
  for (const auto slice : stepper.state()) {
    space.gather(std::span<const Real>(slice), std::span(whole));
    w.insert(w.end(), whole.begin(), whole.end());
  }
  w.insert(w.end(), losses.begin(), losses.end());
  return w;
}

template <class Real>
void expect_the_bits_of_one_rank() {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  for (const auto& options : test::every_way()) {
    const auto together = trajectory<Real>(world, options);
    EXPECT_TRUE(std::isfinite(together[0])) << test::describe(options);
    EXPECT_TRUE(together == trajectory<Real>(self, options)) << test::describe(options);
  }
}

TEST(Identity, StepsHaveTheBitsOfOneRank) {
  expect_the_bits_of_one_rank<float>();
  expect_the_bits_of_one_rank<double>();
}

TEST(Identity, RestoredStateContinuesWithTheSameBits) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const VectorSpace space(world, kDimension);
  for (const auto& options : test::every_way()) {
    Stepper<float> whole(space, blocks(), options);
    Stepper<float> second(space, blocks(), options);
    auto w = start<float>();
    for (int k = 0; k < 4; ++k) whole.step(w, 0.05, mixing<float>(space));
    auto resumed = w;
    const auto from = whole.state();
    const auto to = second.state();
    for (std::size_t s = 0; s < from.size(); ++s) {
      std::copy(from[s].begin(), from[s].end(), to[s].begin());
    }
    second.set_steps(whole.steps());
    for (int k = 0; k < 4; ++k) {
      whole.step(w, 0.05, mixing<float>(space));
      second.step(resumed, 0.05, mixing<float>(space));
    }
    EXPECT_TRUE(w == resumed) << test::describe(options);
  }
}

}  // namespace
}  // namespace thalweg
