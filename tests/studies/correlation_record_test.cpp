#include "studies/trajectories/correlation_record.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/settings_messages.hpp"

namespace thalweg {
namespace {

using testing_settings::expect_parts;
using testing_settings::message_of;

constexpr const char* kSweep = R"(
[sweep]
seeds = [1, 2]
"train.batch" = [16, 64]
"model.widths" = [[8], [8, 4]]
"optimizer.learning_rate" = [0.1, 0.2]
)";

struct Study {
  std::vector<RunSpec> plans;
  std::optional<CorrelationOptions> options;
};

Study read(const std::string& text) {
  const Settings settings = Settings::parse(text, "s.toml");
  Study study;
  study.plans = read_run_specs(settings, 5);
  study.options = read_correlation(settings, 5, study.plans);
  settings.reject_unknown();
  return study;
}

std::string refusal(const std::string& text) {
  return message_of([&] { static_cast<void>(read(text)); });
}

TEST(CorrelationSettings, WhatIsSweptOverIsAnAxis) {
  const auto study = read(std::string(kSweep) + "[correlation]\n");
  ASSERT_EQ(study.plans.size(), 16U);
  ASSERT_TRUE(study.options);
  const std::vector<std::string> axes{"model.widths", "optimizer.learning_rate", "seeds",
                                      "train.batch"};
  EXPECT_EQ(study.options->axes, axes);
  EXPECT_EQ(study.options->gaps, (std::vector<std::string>{"loss", "error"}));
  EXPECT_EQ(study.options->bootstrap.resamples, 1000);
  EXPECT_EQ(study.options->bootstrap.seed, 5U);
  EXPECT_EQ(study.plans[15].swept.at("model.widths"), "8x4");
  EXPECT_EQ(study.plans[15].swept.at("train.batch"), "64");
  EXPECT_EQ(study.plans[15].swept.at("optimizer.learning_rate"), "0.2");
  EXPECT_EQ(study.plans[15].swept.at("seeds"), "2");
  EXPECT_EQ(study.plans[15].swept.at("run"), "run");
  EXPECT_FALSE(read(kSweep).options) << "nothing is correlated unasked";
  EXPECT_TRUE(read("[correlation]\n[[run]]\nname = \"a\"\n[[run]]\nname = \"b\"\n[[run]]\n"
                   "name = \"c\"\n")
                  .options->axes.empty())
      << "tables of runs may differ in many things at once";
}

TEST(CorrelationSettings, MistakesNameTheirLine) {
  const std::string table = std::string(kSweep) + "[correlation]\n";  // line 7
  expect_parts(refusal(table + "gaps = [\"losss\"]\n"),
               {"s.toml:8", "[correlation] gaps", "losss", "loss, error"});
  expect_parts(refusal(table + "gaps = []\n"), {"s.toml:8", "at least one"});
  expect_parts(refusal(table + "gaps = [\"loss\", \"loss\"]\n"), {"s.toml:8", "loss", "twice"});
  expect_parts(refusal(table + "axes = [\"batch\"]\n"),
               {"s.toml:8", "\"batch\"", "model.widths", "train.batch", "seeds"});
  expect_parts(refusal(table + "bootstrap = 10\n"), {"s.toml:8", "bootstrap", "10", "100"});
  expect_parts(refusal(table + "confidence = 1.0\n"), {"s.toml:8", "confidence", "1"});
  expect_parts(refusal(table + "confidence = 0\n"), {"s.toml:8", "confidence", "0"});
  expect_parts(refusal(table + "bootstrp = 200\n"), {"s.toml:8", "bootstrp", "bootstrap"});
  expect_parts(refusal("[correlation]\n[sweep]\nseeds = [1, 2]\n"),
               {"s.toml:1", "correlation", "2 runs", "at least 3"});
}

/// A summary of six runs: batch 16 and 64 with three seeds each.
struct Six {
  Study study = read("[sweep]\nseeds = [1, 2, 3]\n\"train.batch\" = [16, 64]\n[correlation]\n");
  Record record;

  explicit Six(const std::vector<std::string>& status = std::vector<std::string>(6, "finished")) {
    std::vector<std::string> names;
    for (const auto& plan : study.plans) names.push_back(plan.name);
    record.column("/summary/run", names, "run", "1", "name");
    record.column("/summary/status", status, "run", "1", "status");
    put("train_loss", {0.1, 0.1, 0.1, 0.1, 0.1, 0.1});
    put("test_loss", {0.2, 0.3, 0.4, 0.5, 0.6, 0.7});
    put("train_accuracy", {1, 1, 1, 1, 1, 1});
    put("test_accuracy", {0.9, 0.8, 0.7, 0.6, 0.5, 0.4});
    put("lambda.lambda_max", {1, 2, 3, 40, 50, 60});
    put("lambda.lambda_max_residual", {6, 5, 4, 3, 2, 1});
    put("flat.trace", {3, 2, 1, 6, 5, 4});
  }
  void put(const std::string& name, const std::vector<double>& values) {
    record.column("/summary/" + name, values, "run", "1", name);
  }
  std::string table() { return correlate(record, *study.options, study.plans); }
  std::vector<double> column(const std::string& name) const {
    return std::get<std::vector<double>>(record.arrays.at("/correlation/" + name).values);
  }
  std::vector<std::string> texts(const std::string& name) const {
    return std::get<std::vector<std::string>>(record.arrays.at("/correlation/" + name).values);
  }
  std::vector<std::int64_t> runs() const {
    return std::get<std::vector<std::int64_t>>(record.arrays.at("/correlation/runs").values);
  }
};

TEST(CorrelationRecord, CoefficientsOfEveryMeasureAndWithinGroups) {
  Six six;
  const auto table = six.table();
  EXPECT_EQ(six.texts("measure"),
            (std::vector<std::string>{"train_loss", "flat.trace", "lambda.lambda_max"}))
      << "a residual measures no run";
  EXPECT_EQ(six.runs(), (std::vector<std::int64_t>{6, 6, 6}));
  const auto tau = six.column("tau_loss");
  EXPECT_TRUE(std::isnan(tau[0])) << "a training loss that is matched orders nothing";
  EXPECT_DOUBLE_EQ(tau[1], (9.0 - 6.0) / 15.0);
  EXPECT_DOUBLE_EQ(tau[2], 1.0);
  EXPECT_EQ(six.column("tau_error")[2], 1.0);
  const auto valid = std::get<std::vector<std::uint8_t>>(
      six.record.arrays.at("/correlation/tau_loss_valid").values);
  EXPECT_EQ(valid, (std::vector<std::uint8_t>{0, 1, 1}));
  EXPECT_LE(six.column("tau_loss_low")[1], 0.2);
  EXPECT_GE(six.column("tau_loss_high")[1], 0.2);
  // The trace falls with the gap among seeds of one batch, and rises with it between batches.
  EXPECT_EQ(six.texts("axis"), (std::vector<std::string>{"seeds", "train.batch"}));
  const auto by_axis = six.column("granulated_loss_by_axis");
  ASSERT_EQ(by_axis.size(), 6U);
  EXPECT_EQ(by_axis[2], -1.0);
  EXPECT_EQ(by_axis[3], 1.0);
  EXPECT_EQ(six.column("granulated_loss")[1], 0.0);
  EXPECT_EQ(std::get<std::int64_t>(six.record.group_attributes.at("/correlation").at("bootstrap")),
            1000);
  expect_parts(table, {"lambda.lambda_max", "1.00", "95 % bootstrap", "granulated"});
  EXPECT_EQ(table.find("train_loss"), std::string::npos);
  EXPECT_EQ(table.find("left out"), std::string::npos);
}

TEST(CorrelationRecord, RunsThatCannotCountAreLeftOutAndCounted) {
  Six six({"finished", "diverged", "finished", "target_not_reached", "finished", "finished"});
  six.put("lambda.lambda_max", {1, 2, 3, 40, std::nan(""), 60});
  const auto table = six.table();
  EXPECT_EQ(six.runs(), (std::vector<std::int64_t>{4, 4, 3}));
  expect_parts(table, {"runs left out: 1 diverged, 1 did not reach the target"});
  const auto& attributes = six.record.group_attributes.at("/correlation");
  EXPECT_EQ(std::get<std::int64_t>(attributes.at("diverged")), 1);
  EXPECT_EQ(std::get<std::int64_t>(attributes.at("target_not_reached")), 1);
}

TEST(CorrelationRecord, WithoutAccuraciesThereIsOneGap) {
  Six six;
  six.put("test_accuracy", std::vector<double>(6, std::nan("")));
  const auto table = six.table();
  EXPECT_FALSE(six.record.arrays.contains("/correlation/tau_error"));
  EXPECT_EQ(six.column("tau_loss")[2], 1.0);
  EXPECT_EQ(table.find("gap of the error"), std::string::npos);
  Six none(std::vector<std::string>(6, "diverged"));
  expect_parts(none.table(), {"no run has a generalisation gap"});
  EXPECT_FALSE(none.record.arrays.contains("/correlation/measure"));
}

}  // namespace
}  // namespace thalweg
