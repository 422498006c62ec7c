#include "studies/epoch_clock.hpp"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(EpochClock, AConstantBatchDividesEveryPassAlike) {
  const EpochClock clock(10, false, [](std::int64_t) { return 4; });
  EXPECT_EQ(clock.steps_of(3), 9);
  const auto position = clock.at(7);
  EXPECT_EQ(position.epoch, 2);
  EXPECT_EQ(position.step, 1);
  EXPECT_EQ(position.batch, 4);
  EXPECT_DOUBLE_EQ(position.epochs(), 2.0 + 1.0 / 3.0);
  EXPECT_EQ(EpochClock(10, true, [](std::int64_t) { return 4; }).steps_of(3), 6);
}

TEST(EpochClock, BatchesThatGrowShortenTheirPasses) {
  const EpochClock clock(12, false, [](std::int64_t epoch) { return epoch < 2 ? 3 : 100; });
  EXPECT_EQ(clock.steps_of(4), 4 + 4 + 1 + 1);
  EXPECT_EQ(clock.at(7).epoch, 1);
  EXPECT_EQ(clock.at(7).step, 3);
  EXPECT_EQ(clock.at(8).epoch, 2);
  EXPECT_EQ(clock.at(8).batch, 12) << "more than all samples are all of them";
  EXPECT_EQ(clock.at(9).epoch, 3);
  EXPECT_EQ(clock.at(3).epoch, 0) << "back, as after a checkpoint";
}

}  // namespace
}  // namespace thalweg
