#include "runs/train_settings.hpp"

#include <gtest/gtest.h>

#include "support/settings_messages.hpp"

namespace thalweg {
namespace {

using testing_settings::expect_parts;
using testing_settings::message_of;

TrainOptions read(const std::string& text) {
  const Settings settings = Settings::parse("[train]\n" + text, "s.toml");
  auto options = train_settings(settings.table("train"), false, 0);
  settings.reject_unknown();
  return options;
}

std::string refusal(const std::string& text) {
  return message_of([&] { static_cast<void>(read(text)); });
}

TEST(TrainSettings, StepsTakeThePlaceOfEpochs) {
  EXPECT_EQ(read("").epochs, 10);
  EXPECT_EQ(read("").steps, 0);
  EXPECT_EQ(read("steps = 70\n").steps, 70);
  expect_parts(refusal("steps = 70\nepochs = 3\n"), {"s.toml:2", "steps", "epochs"});
  expect_parts(refusal("steps = -1\n"), {"s.toml:2", "steps", "-1"});
}

TEST(TrainSettings, NoStepsAtAllMeansMeasuringAlone) {
  EXPECT_TRUE(read("").takes_steps());
  EXPECT_FALSE(read("steps = 0\n").takes_steps());
  EXPECT_FALSE(read("epochs = 0\ninitial = \"net.npz\"\n").takes_steps());
  expect_parts(refusal("steps = 0\ntarget_accuracy = 0.5\n"),
               {"s.toml:3", "target_accuracy", "takes no steps"});
}

TEST(TrainSettings, SnapshotsAreByEpochsOrBySteps) {
  EXPECT_FALSE(read("").has_snapshots());
  EXPECT_EQ(read("snapshot_every_epochs = 3\n").snapshot_every_epochs, 3);
  EXPECT_TRUE(read("snapshot_every_steps = 7\n").has_snapshots());
  expect_parts(refusal("snapshot_every_steps = 7\nsnapshot_every_epochs = 1\n"),
               {"s.toml:2", "snapshot_every_steps", "snapshot_every_epochs"});
}

TEST(TrainSettings, TargetsAreLossesAndShares) {
  EXPECT_FALSE(read("").has_target());
  EXPECT_TRUE(read("target_accuracy = 0.9\n").has_target());
  EXPECT_TRUE(read("target_loss = 0.1\n").has_target());
  expect_parts(refusal("target_accuracy = 90\n"), {"s.toml:2", "target_accuracy", "90"});
}

TEST(TrainSettings, LabelsChangeInOneWay) {
  EXPECT_EQ(read("random_labels = 1\n").random_labels, 1.0);
  EXPECT_EQ(read("label_noise = 0.2\n").label_noise, 0.2);
  expect_parts(refusal("label_noise = 1.2\n"), {"s.toml:2", "label_noise", "1.2"});
  expect_parts(refusal("random_labels = -0.1\n"), {"s.toml:2", "random_labels", "-0.1"});
  expect_parts(refusal("random_labels = 0.1\nlabel_noise = 0.1\n"),
               {"s.toml:3", "label_noise", "random_labels"});
}

TEST(TrainSettings, HeldOutSamplesLeaveSomeToTrainOn) {
  expect_parts(refusal("validation = 1.0\n"), {"s.toml:2", "validation", "below 1"});
  EXPECT_EQ(held_out(0.0, 100), 0);
  EXPECT_EQ(held_out(0.1, 100), 10);
  EXPECT_EQ(held_out(0.001, 100), 1);
  EXPECT_EQ(held_out(0.999, 100), 99);
}

TEST(TrainSettings, BatchNormNeedsTwoSamplesAndGhostsWholeShards) {
  const auto with_ghosts = [](const std::string& text) {
    const Settings settings = Settings::parse("[train]\n" + text, "s.toml");
    return train_settings(settings.table("train"), true, 6);
  };
  expect_parts(message_of([&] { static_cast<void>(with_ghosts("batch = 1\n")); }),
               {"s.toml:2", "batch", "two samples"});
  expect_parts(message_of([&] { static_cast<void>(with_ghosts("shard = 8\n")); }),
               {"s.toml:2", "shard", "multiple of ghost_size = 6"});
  EXPECT_EQ(with_ghosts("batch = 64\n").shard % 6, 0);
}

TEST(TrainSettings, MemoryIsMebibytesOfARank) {
  EXPECT_EQ(read("").memory_mib, 2048);
  EXPECT_EQ(read("memory_mib = 1\n").memory_mib, 1);
  expect_parts(refusal("memory_mib = 0\n"), {"s.toml:2", "memory_mib", "0"});
  expect_parts(refusal("memory_mib = 9000000000000000\n"),
               {"s.toml:2", "memory_mib", "to 1073741824"});
}

}  // namespace
}  // namespace thalweg
