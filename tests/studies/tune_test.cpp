#include "studies/trajectories/tune.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "records/schema.hpp"
#include "support/settings_messages.hpp"

namespace thalweg {
namespace {

using testing_settings::expect_parts;
using testing_settings::message_of;

struct Read {
  std::vector<RunSpec> runs;
  std::optional<TuneOptions> tune;
};

Read read(const std::string& text) {
  const Settings settings = Settings::parse(text, "s.toml");
  Read all;
  all.runs = read_run_specs(settings, 5);
  all.tune = read_tune(settings, 5, all.runs);
  settings.reject_unknown();
  return all;
}

std::string refusal(const std::string& text) {
  return message_of([&] { static_cast<void>(read(text)); });
}

TEST(Tune, WithoutItsTableNothingIsTuned) {
  EXPECT_FALSE(read("").tune.has_value());
}

TEST(Tune, RunsWithoutStepsHaveNothingToTune) {
  expect_parts(refusal("[train]\nsteps = 0\n[tune]\nepochs = 2\ncriterion = \"train_loss\"\n"),
               {"tune", "'run' takes no steps"});
}

TEST(Tune, TrialsKeepNoSnapshots) {
  const auto all =
      read("[train]\nsnapshot_every_steps = 2\n[tune]\nepochs = 2\ncriterion = \"train_loss\"\n");
  ASSERT_TRUE(all.runs.front().train.has_snapshots());
  for (const auto& trial : trials_of(*all.tune, all.runs)) {
    EXPECT_FALSE(trial.plan.train.has_snapshots());
  }
}

TEST(Tune, EveryGroupHasATrialForEveryRateAndOneSeed) {
  const auto all = read(R"(
[train]
validation = 0.2
target_accuracy = 0.9
gradient_norm = "every"
[optimizer]
learning_rate = 0.2
[sweep]
seeds = [1, 2]
"train.batch" = [8, 16]
[tune]
factors = [2, 0.5, 1]
epochs = 3
[[probe]]
type = "sharpness"
)");
  ASSERT_TRUE(all.tune.has_value());
  const auto trials = trials_of(*all.tune, all.runs);
  ASSERT_EQ(trials.size(), 6U);
  EXPECT_EQ(trials[0].plan.name, "tune-run-batch8-rate0.1");
  EXPECT_EQ(trials[0].group, "run-batch8");
  EXPECT_EQ(trials[2].plan.learning_rate, 0.4);
  EXPECT_EQ(trials[2].factor, 2.0);
  EXPECT_EQ(trials[5].plan.train.batch, 16);
  for (const auto& trial : trials) {
    EXPECT_EQ(trial.plan.seed, 5U);
    EXPECT_EQ(trial.plan.train.epochs, 3);
    EXPECT_EQ(trial.plan.train.validation, 0.1);
    EXPECT_TRUE(trial.plan.train.target_on_validation) << "never by test data";
    EXPECT_TRUE(trial.plan.probes.empty());
  }
  EXPECT_EQ(all.runs[0].train.validation, 0.2);
  EXPECT_FALSE(all.runs[0].train.target_on_validation);
}

TEST(Tune, WhatDoesNotGoTogetherIsRefused) {
  expect_parts(refusal("[tune]\nfactors = [1]\nlearning_rates = [0.1]\n"),
               {"s.toml:2", "factors", "learning_rates"});
  expect_parts(refusal("[tune]\nfactors = []\n"), {"s.toml:2", "factors"});
  expect_parts(refusal("[tune]\nfactors = [1, -1]\n"), {"s.toml:2", "factors", "-1"});
  expect_parts(refusal("[tune]\nlearning_rates = [0.1, 0.1]\n"), {"s.toml:2", "0.1", "twice"});
  expect_parts(refusal("[tune]\ncriterion = \"test_accuracy\"\n"),
               {"s.toml:2", "test_accuracy", "validation_accuracy"});
  expect_parts(refusal("[tune]\nepochs = 2\nsteps = 5\n"), {"s.toml:3", "steps", "epochs"});
  expect_parts(refusal("[tune]\nvalidation = 0.0\n"), {"s.toml:2", "validation", "held-out"});
  expect_parts(refusal("[tune]\nvalidation = 1.0\n"), {"s.toml:2", "validation", "below 1"});
  expect_parts(refusal("[tune]\ncriterion = \"train_loss\"\nvalidation = 0.0\n"
                       "[train]\ntarget_accuracy = 0.5\n"),
               {"s.toml:3", "target_accuracy", "held-out"});
  expect_parts(refusal("[tune]\ncriterion = \"steps_to_target\"\n"),
               {"s.toml:2", "steps_to_target", "target_loss"});
  expect_parts(refusal("[tune]\nrates = [1]\n"), {"s.toml:2", "rates"});
  expect_parts(refusal("[tune]\nfactors = [1]\n[[run]]\nname = \"a\"\n[[run]]\n"
                       "name = \"tune-a-rate0.1\"\n"),
               {"s.toml:1", "tune-a-rate0.1"});
}

TrialResult result(double value, const std::string& status = "finished", double loss = 1.0) {
  return {.learning_rate = 0.1, .status = status, .value = value, .train_loss = loss};
}

TEST(Tune, TheBestTrialIsThatOfItsCriterion) {
  const std::vector<TrialResult> three{result(0.7), result(0.9), result(0.8)};
  EXPECT_EQ(best_trial(TuneCriterion::validation_accuracy, three), 1U);
  EXPECT_EQ(best_trial(TuneCriterion::validation_loss, three), 0U);
  const std::vector<TrialResult> equal{result(0.7), result(0.9), result(0.9)};
  EXPECT_EQ(best_trial(TuneCriterion::validation_accuracy, equal), 1U) << "the lower rate";
  const std::vector<TrialResult> wild{result(0.7), result(0.9, kDiverged), result(std::nan(""))};
  EXPECT_EQ(best_trial(TuneCriterion::validation_accuracy, wild), 0U);
  const std::vector<TrialResult> none{result(0.9, kDiverged)};
  EXPECT_FALSE(best_trial(TuneCriterion::train_loss, none).has_value());
}

TEST(Tune, ReachedTargetsComeBeforeLossesOfThoseThatDidNot) {
  const double none = std::nan("");
  const std::vector<TrialResult> some{result(none, "target_not_reached", 0.1), result(90.0),
                                      result(70.0)};
  EXPECT_EQ(best_trial(TuneCriterion::steps_to_target, some), 2U);
  const std::vector<TrialResult> all{result(none, "target_not_reached", 0.4),
                                     result(none, "target_not_reached", 0.2)};
  EXPECT_EQ(best_trial(TuneCriterion::steps_to_target, all), 1U);
}

TEST(Tune, AnEdgeOfTheGridIsSeen) {
  const auto all = read("[tune]\nfactors = [1, 2, 4]\n[sweep]\n\"train.batch\" = [8, 16]\n");
  const auto trials = trials_of(*all.tune, all.runs);
  const std::vector<TrialResult> results{result(0.1), result(0.9), result(0.2),
                                         result(0.1), result(0.2), result(0.9)};
  const auto rates = tuned_rates(*all.tune, trials, results);
  ASSERT_EQ(rates.size(), 2U);
  EXPECT_EQ(rates[0].trial, 1U);
  EXPECT_FALSE(rates[0].at_edge);
  EXPECT_EQ(rates[1].trial, 5U);
  EXPECT_TRUE(rates[1].at_edge);
  Record study;
  write_tune(study, *all.tune, trials, results);
  const std::vector<std::uint8_t> chosen{0, 1, 0, 0, 0, 1};
  EXPECT_EQ(std::get<std::vector<std::uint8_t>>(study.arrays.at("/tune/chosen").values), chosen);
  const std::vector<std::uint8_t> edge{0, 0, 0, 0, 0, 1};
  EXPECT_EQ(std::get<std::vector<std::uint8_t>>(study.arrays.at("/tune/at_edge").values), edge);
}

}  // namespace
}  // namespace thalweg
