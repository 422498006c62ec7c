#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "optimizers/flow_support.hpp"

namespace thalweg {
namespace {

using test::at;
using test::copy;

constexpr std::size_t kLong = 5000;  // elements: five blocks

class FlowSteps : public testing::Test {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
  Communicator self_ = world_.split(world_.rank());
  VectorSpace line_{world_, 1};
  VectorSpace plane_{world_, 2};
  VectorSpace long_{world_, kLong};
  VectorSpace alone_{self_, kLong};

  /// Steps of (diag(−1, −fast)) x from (1, 1) between two times, and how many of them are stiff.
  std::pair<std::int64_t, std::int64_t> stiff_steps(double fast, double from, double to) {
    Flow flow(plane_, {}, test::linear(plane_, {-1.0, 0.0, 0.0, -fast}));
    flow.begin(0.0, std::vector<double>{1.0, 1.0});
    while (flow.time() < from) flow.step(from);
    const FlowCounts before = flow.counts();
    while (flow.time() < to) flow.step(to);
    EXPECT_NEAR(flow.point()[0], std::exp(-to), 1e-5);
    return {flow.counts().accepted - before.accepted, flow.counts().stiff - before.stiff};
  }
};

// Once the fast part has died, accuracy would allow long steps, but stability does not.
TEST_F(FlowSteps, StepsLimitedByStabilityAreCounted) {
  const auto [steps, stiff] = stiff_steps(1e4, 0.1, 0.5);
  EXPECT_GT(2 * stiff, steps);
  EXPECT_NEAR(static_cast<double>(steps), 0.4 * 1e4 / 3.31, 0.1 * 0.4 * 1e4 / 3.31);
  const auto [mild_steps, mild_stiff] = stiff_steps(2.0, 0.1, 3.0);
  EXPECT_GT(mild_steps, 5);
  EXPECT_EQ(mild_stiff, 0);
}

// ẋ = −λx: both estimates of h|λ| are exact.
TEST_F(FlowSteps, StiffnessIsTheStepTimesTheEigenvalue) {
  FlowOptions options;
  options.first_step = 0.01;
  Flow flow(line_, options, test::linear(line_, {-7.0}));
  flow.begin(0.0, std::vector<double>{1.0});
  flow.step();
  EXPECT_NEAR(flow.counts().stiffness, 7.0 * flow.time(), 1e-6);
}

TEST_F(FlowSteps, DenseOutputHasTheSameBitsWhateverElseIsAskedFor) {
  const std::vector<double> times{0.37, 0.9, 1.7, 2.05};
  const auto outputs = [&](int extra, double last_time) {
    Flow flow(long_, {}, test::ring(long_));
    flow.begin(0.0, test::ring_start(kLong));
    std::vector<std::vector<double>> found;
    for (const double time : times) {
      while (flow.time() < time) {
        flow.step(last_time);
        for (int k = 0; k < extra; ++k) {
          at(flow, flow.previous_time() + k * (flow.time() - flow.previous_time()) / extra);
        }
      }
      found.push_back(at(flow, time));
    }
    return found;
  };
  const auto plain = outputs(0, std::numeric_limits<double>::infinity());
  EXPECT_EQ(outputs(3, std::numeric_limits<double>::infinity()), plain);
  EXPECT_EQ(outputs(0, 10.0), plain);  // an end far off cuts nothing
}

// A flow that is cut at an end takes the same steps as the uncut one up to the last.
TEST_F(FlowSteps, CuttingChangesTheLastStepAlone) {
  Flow free(plane_, {}, test::linear(plane_, {0.0, 1.0, -1.0, 0.0}));
  Flow cut(plane_, {}, test::linear(plane_, {0.0, 1.0, -1.0, 0.0}));
  free.begin(0.0, std::vector<double>{1.0, 0.0});
  cut.begin(0.0, std::vector<double>{1.0, 0.0});
  constexpr double end = 3.001;
  for (;;) {
    free.step();
    cut.step(end);
    if (cut.time() == end) break;
    EXPECT_EQ(cut.time(), free.time());
    EXPECT_EQ(copy(cut.point()), copy(free.point()));
  }
  EXPECT_GT(free.time(), end);
  EXPECT_NEAR(at(free, end)[0], cut.point()[0], 1e-6);
  EXPECT_NE(at(free, end)[0], cut.point()[0]);
}

// A step cut to next to nothing leaves the next one as long as it was going to be.
TEST_F(FlowSteps, ATinyCutDoesNotShortenWhatFollows) {
  Flow flow(plane_, {}, test::linear(plane_, {0.0, 1.0, -1.0, 0.0}));
  flow.begin(0.0, std::vector<double>{1.0, 0.0});
  while (flow.time() < 1.0) flow.step();
  const double next = flow.next_step();
  flow.step(flow.time() + 1e-9);
  EXPECT_EQ(flow.next_step(), next);
}

TEST_F(FlowSteps, BitsAreThoseOfOneRank) {
  Flow team(long_, {}, test::ring(long_));
  Flow single(alone_, {}, test::ring(alone_));
  team.begin(0.0, test::ring_start(kLong));
  single.begin(0.0, test::ring_start(kLong));
  EXPECT_EQ(team.next_step(), single.next_step());
  for (int k = 0; k < 20; ++k) {
    team.step();
    single.step();
    EXPECT_EQ(team.time(), single.time());
    EXPECT_EQ(team.counts().stiffness, single.counts().stiffness);
  }
  EXPECT_EQ(copy(team.point()), copy(single.point()));
  const double between = 0.4 * team.previous_time() + 0.6 * team.time();
  EXPECT_EQ(at(team, between), at(single, between));
}

// Saved by all ranks, gone on with by each one alone.
TEST_F(FlowSteps, RestoredFlowGoesOnWithTheSameBits) {
  Flow whole(long_, {}, test::ring(long_));
  whole.begin(0.5, test::ring_start(kLong));
  Flow untouched(alone_, {}, test::ring(alone_));
  untouched.restore(whole.save());
  for (int k = 0; k < 10; ++k) whole.step();
  Flow half(alone_, {}, test::ring(alone_));
  half.restore(whole.save());
  EXPECT_EQ(half.value(), whole.value());
  EXPECT_EQ(half.counts().evaluations, whole.counts().evaluations);
  const double between = 0.4 * whole.previous_time() + 0.6 * whole.time();
  EXPECT_EQ(at(half, between), at(whole, between));
  for (int k = 0; k < 10; ++k) untouched.step();
  EXPECT_EQ(copy(untouched.point()), copy(whole.point()));
  for (int k = 0; k < 10; ++k) {
    whole.step();
    half.step();
  }
  EXPECT_EQ(half.time(), whole.time());
  EXPECT_EQ(half.next_step(), whole.next_step());
  EXPECT_EQ(half.counts().accepted, 20);
  EXPECT_EQ(copy(half.point()), copy(whole.point()));
  FlowState wrong = whole.save();
  wrong.bend.pop_back();
  EXPECT_THROW(half.restore(wrong), Error);
}

}  // namespace
}  // namespace thalweg
