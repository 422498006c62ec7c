#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/error.hpp"
#include "optimizers/flow_support.hpp"

namespace thalweg {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

class FlowBounds : public testing::Test {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
  VectorSpace line_{world_, 1};
};

// ẋ = −x, not defined below 0: steps of 100 leave the bounds until they are short enough.
TEST_F(FlowBounds, StepsThatLeaveTheBoundsAreTriedShorter) {
  for (const bool by_value : {true, false}) {
    FlowOptions options;
    options.first_step = 100.0;
    Flow flow(line_, options, [&](std::span<const double> x, std::span<double> slope) {
      for (auto& value : slope) value = x[0] < 0.0 && !by_value ? kInfinity : -x[0];
      return x[0] < 0.0 && by_value ? std::nan("") : x[0];
    });
    flow.begin(0.0, std::vector<double>{1.0});
    flow.step(5.0);
    EXPECT_GE(flow.counts().rejected, 2);
    while (flow.time() < 5.0) flow.step(5.0);
    EXPECT_NEAR(flow.point()[0], std::exp(-5.0), 1e-6);
  }
}

// ẋ = −1, not defined below 0: the error estimate has nothing against steps beyond, so what keeps
// the flow inside is f alone.
TEST_F(FlowBounds, FlowThatRunsIntoABoundStopsJustInside) {
  for (const bool by_value : {true, false}) {
    Flow flow(line_, {}, [&](std::span<const double> x, std::span<double> slope) {
      const bool outside = x[0] < 0.0;
      std::fill(slope.begin(), slope.end(), outside && !by_value ? kInfinity : -1.0);
      return outside && by_value ? kInfinity : x[0];
    });
    flow.begin(0.0, std::vector<double>{1.0});
    EXPECT_THROW(while (true) flow.step(), Error);
    EXPECT_GE(flow.point()[0], 0.0);
    EXPECT_LT(flow.point()[0], 1e-12);
    EXPECT_NEAR(flow.time(), 1.0, 1e-12);
  }
}

TEST_F(FlowBounds, WhatIsNeverFiniteIsAnError) {
  FlowOptions options;
  options.first_step = 1.0;
  const auto message = [&](double time) {
    int calls = 0;
    Flow flow(line_, options, [&](std::span<const double>, std::span<double> slope) {
      std::fill(slope.begin(), slope.end(), calls++ == 0 ? 2.0 : kInfinity);
      return 0.0;
    });
    flow.begin(time, std::vector<double>{1.0});
    try {
      flow.step();
    } catch (const Error& error) {
      EXPECT_EQ(flow.time(), time);
      EXPECT_EQ(flow.point()[0], 1.0);
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const std::string underflow = message(2.0);
  EXPECT_NE(underflow.find("from time 2 "), std::string::npos) << underflow;
  EXPECT_NE(underflow.find("after 21 tried"), std::string::npos) << underflow;
  const std::string rejections = message(0.0);
  EXPECT_NE(rejections.find("after 51 tried"), std::string::npos) << rejections;
  Flow never(line_, options, [](std::span<const double>, std::span<double> slope) {
    std::fill(slope.begin(), slope.end(), kInfinity);
    return 0.0;
  });
  EXPECT_THROW(never.begin(0.0, std::vector<double>{1.0}), Error);
}

}  // namespace
}  // namespace thalweg
