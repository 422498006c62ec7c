#include "optimizers/schedule.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "base/error.hpp"

namespace thalweg {
namespace {

/// 4 steps an epoch, 10 epochs.
Schedule forty_steps(const ScheduleOptions& options, double rate = 0.5) {
  return {options, rate, 25, 100, 10, 0, false};
}

// Batches as numbered within an epoch, the last one smaller or left out.
TEST(Schedule, ConstantVisitsEveryBatchOfEveryEpoch) {
  for (const bool drop_last : {false, true}) {
    const std::int64_t per_epoch = drop_last ? 3 : 4;
    const Schedule schedule({}, 0.3, 32, 100, 5, 0, drop_last);
    EXPECT_EQ(schedule.steps(), 5 * per_epoch);
    for (std::int64_t step = 0; step <= schedule.steps(); ++step) {
      const auto at = schedule.at(step);
      EXPECT_EQ(at.epoch, step / per_epoch);
      EXPECT_EQ(at.begin, step % per_epoch * 32);
      EXPECT_EQ(at.count, at.begin == 96 ? 4 : 32);
      EXPECT_EQ(at.batch, 32);
      EXPECT_EQ(at.learning_rate, 0.3);
      EXPECT_EQ(at.epochs_done, static_cast<double>(step) / static_cast<double>(per_epoch));
    }
  }
}

TEST(Schedule, BatchIsNeverLargerThanTheSamples) {
  const Schedule schedule({}, 0.1, 4096, 100, 3, 0, true);
  EXPECT_EQ(schedule.steps(), 3);
  EXPECT_EQ(schedule.at(2).batch, 100);
  EXPECT_EQ(schedule.at(2).count, 100);
}

TEST(Schedule, RunsForExactlyTheStepsAskedFor) {
  const Schedule schedule({}, 0.1, 30, 100, 0, 7, false);
  EXPECT_EQ(schedule.steps(), 7);
  EXPECT_EQ(schedule.at(6).epoch, 1);
  EXPECT_EQ(schedule.at(6).begin, 60);
  EXPECT_EQ(schedule.at(7).epochs_done, 1.75);
}

TEST(Schedule, WithoutStepsTheRateIsTheOneToBeginWith) {
  ScheduleOptions options;
  for (const char* type : {"constant", "cosine", "linear", "step"}) {
    options.type = type;
    options.milestones = {0.0};
    const Schedule schedule(options, 0.5, 25, 100, 0, 0, false);
    EXPECT_EQ(schedule.steps(), 0);
    EXPECT_EQ(schedule.at(0).learning_rate, 0.5);
    EXPECT_EQ(schedule.at(0).epochs_done, 0.0);
  }
}

TEST(Schedule, StepFallsAtItsMilestones) {
  ScheduleOptions options;
  options.type = "step";
  options.milestones = {2.0, 7.5};
  options.factor = 0.25;
  const auto schedule = forty_steps(options);
  EXPECT_EQ(schedule.at(7).learning_rate, 0.5);
  EXPECT_EQ(schedule.at(8).learning_rate, 0.125);
  EXPECT_EQ(schedule.at(29).learning_rate, 0.125);
  EXPECT_EQ(schedule.at(30).learning_rate, 0.03125);
  EXPECT_EQ(schedule.at(39).learning_rate, 0.03125);
}

// cos(π/4) = .7071, cos(π/2) = 0.
TEST(Schedule, CosineFallsFromAllToItsFinalShare) {
  ScheduleOptions options;
  options.type = "cosine";
  options.final_factor = 0.2;
  const auto schedule = forty_steps(options);
  EXPECT_EQ(schedule.at(0).learning_rate, 0.5);
  EXPECT_NEAR(schedule.at(10).learning_rate, 0.5 * (0.2 + 0.8 * 0.8535533905932737), 1e-15);
  EXPECT_NEAR(schedule.at(20).learning_rate, 0.5 * 0.6, 1e-15);
  EXPECT_NEAR(schedule.at(40).learning_rate, 0.5 * 0.2, 1e-15);
}

TEST(Schedule, LinearFallsInEqualSteps) {
  ScheduleOptions options;
  options.type = "linear";
  options.final_factor = 0.2;
  const auto schedule = forty_steps(options);
  for (std::int64_t step = 0; step <= 40; ++step) {
    EXPECT_NEAR(schedule.at(step).learning_rate,
                0.5 * (1.0 - 0.8 * static_cast<double>(step) / 40.0), 1e-15);
  }
}

// 2.5 epochs of 4 steps: tenths of the rate, then the rest of the schedule over the rest of the
// run.
TEST(Schedule, WarmUpRisesLinearlyAndTheRestFollows) {
  ScheduleOptions options;
  options.warmup_epochs = 2.5;
  for (const char* type : {"constant", "step", "cosine", "linear"}) {
    options.type = type;
    const auto schedule = forty_steps(options);
    for (std::int64_t step = 0; step < 10; ++step) {
      EXPECT_NEAR(schedule.at(step).learning_rate, 0.05 * static_cast<double>(step + 1), 1e-15)
          << type;
    }
    EXPECT_EQ(schedule.at(10).learning_rate, 0.5) << type;
  }
  options.type = "cosine";
  EXPECT_NEAR(forty_steps(options).at(25).learning_rate, 0.25, 1e-15);
  options.type = "linear";
  EXPECT_NEAR(forty_steps(options).at(16).learning_rate, 0.4, 1e-15);
  // A run that is all warm-up ends at the full rate.
  options.warmup_epochs = 10.0;
  options.type = "cosine";
  EXPECT_EQ(forty_steps(options).at(39).learning_rate, 0.5);
}

TEST(Schedule, RateScalesWithTheBatch) {
  ScheduleOptions options;
  options.reference_batch = 100;
  const auto rate = [&](const char* scaling, std::int64_t samples) {
    options.scaling = scaling;
    return Schedule(options, 0.5, 400, samples, 1, 0, false).at(0).learning_rate;
  };
  EXPECT_EQ(rate("none", 1000), 0.5);
  EXPECT_EQ(rate("linear", 1000), 2.0);
  EXPECT_EQ(rate("sqrt", 1000), 1.0);
  EXPECT_EQ(rate("linear", 200), 1.0);  // the batch there can be
}

// 100 samples: 2 epochs of 4 batches of 25, then 3 of 2 of 50, then whole batches.
TEST(Schedule, BatchGrowsBetweenEpochs) {
  ScheduleOptions options;
  options.batch_epochs = {2, 5};
  options.batch_sizes = {50, 1000};
  options.scaling = "linear";
  options.reference_batch = 25;
  const auto schedule = forty_steps(options);
  EXPECT_EQ(schedule.steps(), 8 + 6 + 5);
  struct Row {
    std::int64_t step, epoch, begin, batch;
    double epochs_done;
  };
  for (const auto& row : {Row{7, 1, 75, 25, 1.75}, Row{8, 2, 0, 50, 2.0}, Row{11, 3, 50, 50, 3.5},
                          Row{13, 4, 50, 50, 4.5}, Row{14, 5, 0, 100, 5.0}, Row{18, 9, 0, 100, 9.0},
                          Row{19, 10, 0, 100, 10.0}}) {
    const auto at = schedule.at(row.step);
    EXPECT_EQ(at.epoch, row.epoch) << row.step;
    EXPECT_EQ(at.begin, row.begin) << row.step;
    EXPECT_EQ(at.batch, row.batch) << row.step;
    EXPECT_EQ(at.count, row.batch) << row.step;
    EXPECT_EQ(at.epochs_done, row.epochs_done) << row.step;
    EXPECT_EQ(at.learning_rate, 0.5) << row.step;
  }
  options.scale_with_growth = true;
  EXPECT_EQ(forty_steps(options).at(7).learning_rate, 0.5);
  EXPECT_EQ(forty_steps(options).at(8).learning_rate, 1.0);
  EXPECT_EQ(forty_steps(options).at(14).learning_rate, 2.0);
}

// Every sample of every epoch is in one batch, whatever the sizes.
TEST(Schedule, BatchesCoverEveryEpochOnce) {
  ScheduleOptions options;
  options.batch_epochs = {1, 3};
  options.batch_sizes = {33, 7};
  const Schedule schedule(options, 0.1, 13, 100, 5, 0, false);
  std::int64_t expected_epoch = 0;
  std::int64_t expected_begin = 0;
  for (std::int64_t step = 0; step < schedule.steps(); ++step) {
    const auto at = schedule.at(step);
    EXPECT_EQ(at.epoch, expected_epoch);
    EXPECT_EQ(at.begin, expected_begin);
    expected_begin += at.count;
    if (expected_begin == 100) {
      ++expected_epoch;
      expected_begin = 0;
    }
  }
  EXPECT_EQ(expected_epoch, 5);
}

// A small batch for 3 epochs, then a large one: a warm start, with warm-up and cosine in epochs.
TEST(Schedule, WarmStartOfALargeBatchKeepsItsCurveInEpochs) {
  ScheduleOptions options;
  options.type = "cosine";
  options.batch_epochs = {3};
  options.batch_sizes = {100};
  const auto schedule = forty_steps(options);
  EXPECT_EQ(schedule.steps(), 12 + 7);
  EXPECT_EQ(schedule.at(11).batch, 25);
  EXPECT_EQ(schedule.at(12).batch, 100);
  EXPECT_NEAR(schedule.at(14).learning_rate, 0.25, 1e-15);  // epoch 5 of 10
  const Schedule exact(options, 0.5, 25, 100, 0, 14, false);
  EXPECT_EQ(exact.steps(), 14);
  EXPECT_NEAR(exact.at(10).learning_rate, 0.25, 1e-15);  // epoch 2.5 of 5
}

TEST(Schedule, BadOptionsAreRefusedByName) {
  const auto complaint = [](const std::function<void(ScheduleOptions&)>& spoil) -> std::string {
    ScheduleOptions options;
    options.batch_epochs = {2, 4};
    options.batch_sizes = {50, 100};
    spoil(options);
    try {
      forty_steps(options);
    } catch (const ConfigurationError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(complaint([](auto&) {}), "");
  EXPECT_EQ(complaint([](auto& o) { o.type = "cosin"; }),
            "type: found 'cosin', expected one of: constant, step, cosine, linear");
  EXPECT_EQ(complaint([](auto& o) { o.scaling = "root"; }),
            "scaling: found 'root', expected one of: none, linear, sqrt");
  EXPECT_EQ(complaint([](auto& o) { o.warmup_epochs = -1.0; }),
            "warmup_epochs: found -1, expected at least 0");
  EXPECT_EQ(complaint([](auto& o) { o.warmup_epochs = 11.0; }),
            "warmup_epochs: found 11, expected at most the 10 epochs of the run");
  EXPECT_EQ(complaint([](auto& o) { o.reference_batch = 0; }),
            "reference_batch: found 0, expected at least 1");
  EXPECT_EQ(complaint([](auto& o) {
              o.batch_epochs = {2.5, 4};
            }),
            "batch_epochs: found 2.5, expected whole numbers above 0, each above the last");
  EXPECT_EQ(complaint([](auto& o) {
              o.batch_epochs = {4, 4};
            }),
            "batch_epochs: found 4, expected whole numbers above 0, each above the last");
  EXPECT_EQ(complaint([](auto& o) { o.batch_sizes = {50}; }),
            "batch_sizes: found 1 numbers, expected as many as batch_epochs, 2");
  EXPECT_EQ(complaint([](auto& o) {
              o.batch_sizes = {50, 0};
            }),
            "batch_sizes: found 0, expected at least 1");
}

}  // namespace
}  // namespace thalweg
