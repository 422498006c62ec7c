#include "optimizers/optimizer_settings.hpp"

#include <gtest/gtest.h>

#include "support/settings_messages.hpp"

namespace thalweg {
namespace {

using testing_settings::expect_parts;
using testing_settings::message_of;

struct Read {
  OptimizerOptions options;
  double rate = 0.0;
};

Read optimizer(const std::string& text) {
  const Settings settings = Settings::parse("[optimizer]\n" + text, "s.toml");
  Read read;
  read.options = optimizer_settings(settings.table("optimizer"), read.rate);
  settings.reject_unknown();
  return read;
}

std::string refused_optimizer(const std::string& text) {
  return message_of([&] { static_cast<void>(optimizer(text)); });
}

ScheduleOptions schedule(const std::string& text, std::int64_t least_batch = 1) {
  const Settings settings = Settings::parse("[schedule]\n" + text, "s.toml");
  auto options = schedule_settings(settings.table("schedule"), least_batch);
  settings.reject_unknown();
  return options;
}

std::string refused_schedule(const std::string& text, std::int64_t least_batch = 1) {
  return message_of([&] { static_cast<void>(schedule(text, least_batch)); });
}

TEST(OptimizerSettings, EveryTypeHasItsUsualSettings) {
  for (const auto& kind : optimizer_kinds()) {
    const Read read = optimizer("type = \"" + kind.name + "\"\n");
    EXPECT_EQ(read.options.type, kind.name);
    EXPECT_EQ(read.rate, kind.learning_rate) << kind.name;
    const OptimizerOptions usual(kind.name);
    for (const auto& key : kind.keys) {
      EXPECT_EQ(read.options.values.number(key.name), usual.values.number(key.name)) << kind.name;
    }
    EXPECT_EQ(read.options.weight_decay, kind.name == "adamw" ? 0.01 : 0.0) << kind.name;
  }
  EXPECT_EQ(optimizer("sam = \"asam\"\n").options.radius, default_radius("asam"));
}

TEST(OptimizerSettings, EveryKeyIsReadWhereItHasAMeaning) {
  const auto lars = optimizer(R"(type = "lars"
learning_rate = 2.0
momentum = 0.5
trust = 0.02
epsilon = 1e-9
weight_decay = 1e-4
decay_normalisation = false
clip_norm = 3.0
sam = "sam"
sam_radius = 0.1
)");
  EXPECT_EQ(lars.rate, 2.0);
  EXPECT_EQ(lars.options.values.number("momentum"), 0.5);
  EXPECT_EQ(lars.options.values.number("trust"), 0.02);
  EXPECT_EQ(lars.options.values.number("epsilon"), 1e-9);
  EXPECT_EQ(lars.options.weight_decay, 1e-4);
  EXPECT_FALSE(lars.options.decay_normalisation);
  EXPECT_EQ(lars.options.clip_norm, 3.0);
  EXPECT_EQ(lars.options.sharpness_aware, "sam");
  EXPECT_EQ(lars.options.radius, 0.1);
  EXPECT_EQ(optimizer("type = \"rmsprop\"\nsmoothing = 0.5\n").options.values.number("smoothing"),
            0.5);
  EXPECT_EQ(optimizer("type = \"adamw\"\nbeta2 = 0.5\n").options.values.number("beta2"), 0.5);
}

TEST(OptimizerSettings, MistakesNameTheirLine) {
  expect_parts(refused_optimizer("type = \"adamm\"\n"), {"s.toml:2", "adamm", "adam"});
  expect_parts(refused_optimizer("beta1 = 0.5\n"), {"s.toml:2", "beta1", "momentum"});
  expect_parts(refused_optimizer("type = \"adam\"\ntrust = 0.5\n"), {"s.toml:3", "trust"});
  expect_parts(refused_optimizer("sam_radius = 0.5\n"), {"s.toml:2", "sam_radius"});
  expect_parts(refused_optimizer("momentum = 1.0\n"), {"s.toml:2", "momentum", "below 1"});
  expect_parts(refused_optimizer("clip_norm = -1\n"), {"s.toml:2", "clip_norm", "-1"});
  expect_parts(refused_optimizer("sam = \"some\"\n"), {"s.toml:2", "some", "asam"});
}

TEST(ScheduleSettings, EveryKeyIsReadWhereItHasAMeaning) {
  const auto steps = schedule("type = \"step\"\nmilestones = [2, 4.5]\nfactor = 0.2\n");
  EXPECT_EQ(steps.milestones, (std::vector<double>{2.0, 4.5}));
  EXPECT_EQ(steps.factor, 0.2);
  const auto grown = schedule(R"(type = "cosine"
final_factor = 0.1
warmup_epochs = 5
scaling = "linear"
reference_batch = 128
scale_with_growth = true
batch_epochs = [2, 3]
batch_sizes = [100, 1000]
)");
  EXPECT_EQ(grown.final_factor, 0.1);
  EXPECT_EQ(grown.warmup_epochs, 5.0);
  EXPECT_EQ(grown.reference_batch, 128);
  EXPECT_TRUE(grown.scale_with_growth);
  EXPECT_EQ(grown.batch_epochs, (std::vector<double>{2.0, 3.0}));
  EXPECT_EQ(grown.batch_sizes, (std::vector<std::int64_t>{100, 1000}));
}

TEST(ScheduleSettings, MistakesNameTheirLine) {
  expect_parts(refused_schedule("type = \"step\"\n"), {"milestones", "needs"});
  expect_parts(refused_schedule("type = \"step\"\nmilestones = [3, 2]\n"),
               {"s.toml:3", "milestones", "2"});
  expect_parts(refused_schedule("milestones = [3]\n"), {"s.toml:2", "milestones"});
  expect_parts(refused_schedule("final_factor = 0.1\n"), {"s.toml:2", "final_factor"});
  expect_parts(refused_schedule("reference_batch = 8\n"), {"s.toml:2", "reference_batch"});
  expect_parts(refused_schedule("warmup_epochs = -1\n"), {"s.toml:2", "warmup_epochs", "-1"});
  expect_parts(refused_schedule("batch_epochs = [2]\n"), {"batch_sizes", "batch_epochs, 1"});
  expect_parts(refused_schedule("batch_epochs = [0]\nbatch_sizes = [8]\n"),
               {"s.toml:2", "batch_epochs", "0"});
  expect_parts(refused_schedule("batch_epochs = [2]\nbatch_sizes = [1]\n", 2),
               {"s.toml:3", "batch_sizes", "1", "batch norm"});
}

}  // namespace
}  // namespace thalweg
