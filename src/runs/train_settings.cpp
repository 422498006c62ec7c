#include "runs/train_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/batch_layout.hpp"

namespace thalweg {

namespace {

double probability(const Settings& train, const char* key) {
  const double value = train.number_at_least(key, 0.0, 0.0);
  if (value > 1.0) train.fail(key, fmt::format("found {}, expected a probability, 0 to 1", value));
  return value;
}

void read_shard(const Settings& train, std::int64_t ghost_size, TrainOptions& options) {
  options.shard = train.integer_at_least("shard", 0, 0);
  if (ghost_size == 0) return;
  if (options.shard == 0) {
    const std::int64_t shard = default_shard(options.batch);
    options.shard = (shard + ghost_size - 1) / ghost_size * ghost_size;
  }
  if (options.shard % ghost_size != 0) {
    train.fail("shard", fmt::format("found {}, expected a multiple of ghost_size = {}",
                                    options.shard, ghost_size));
  }
}

void read_length(const Settings& train, TrainOptions& options) {
  if (!train.has("steps")) {
    options.epochs = train.integer_at_least("epochs", 0, options.epochs);
    constexpr std::int64_t most = 1000000000;  // as many as a schedule counts
    if (options.epochs > most) {
      train.fail("epochs", fmt::format("found {}, expected at most {}", options.epochs, most));
    }
    return;
  }
  options.steps = train.integer_at_least("steps", 0, 1);
  if (train.has("epochs")) {
    train.fail("steps", "epochs already says how long a run is; leave one out");
  }
  if (options.steps == 0) options.epochs = 0;
}

void read_labels(const Settings& train, TrainOptions& options) {
  options.random_labels = probability(train, "random_labels");
  options.label_noise = probability(train, "label_noise");
  if (options.random_labels > 0.0 && options.label_noise > 0.0) {
    train.fail("label_noise", "random_labels already changes the labels; leave one out");
  }
  options.validation = train.number_at_least("validation", 0.0, 0.0);
  if (options.validation >= 1.0) {
    train.fail("validation", fmt::format("found {}, expected a share of the training samples, "
                                         "below 1",
                                         options.validation));
  }
}

void read_snapshots(const Settings& train, TrainOptions& options) {
  options.snapshot_every_epochs = train.integer_at_least("snapshot_every_epochs", 0, 0);
  options.snapshot_every_steps = train.integer_at_least("snapshot_every_steps", 0, 0);
  if (options.snapshot_every_epochs > 0 && options.snapshot_every_steps > 0) {
    train.fail("snapshot_every_steps", "snapshot_every_epochs already says when; leave one out");
  }
}

}  // namespace

TrainOptions train_settings(const Settings& train, bool batch_norm, std::int64_t ghost_size) {
  TrainOptions options;
  options.loss = train.choice("loss", {"cross_entropy", "squared"}, "cross_entropy") == "squared"
                     ? LossKind::squared
                     : LossKind::cross_entropy;
  options.batch = train.integer_at_least("batch", 1, options.batch);
  if (options.batch == 1 && batch_norm) {
    train.fail("batch", "found 1, but batch norm needs at least two samples to take a variance of");
  }
  read_shard(train, ghost_size, options);
  read_length(train, options);
  options.evaluate_every = train.integer_at_least("evaluate_every", 0, 0);
  options.target_loss = train.number_at_least("target_loss", 0.0, 0.0);
  options.target_accuracy = train.number_at_least("target_accuracy", 0.0, 0.0);
  if (options.target_accuracy > 1.0) {
    train.fail("target_accuracy",
               fmt::format("found {}, expected a share, at most 1", options.target_accuracy));
  }
  if (options.has_target() && !options.takes_steps()) {
    train.fail(options.target_loss > 0.0 ? "target_loss" : "target_accuracy",
               "the run takes no steps that could reach it");
  }
  options.initial = train.string("initial", "");
  if (!options.initial.empty()) train.expect_file("initial", options.initial);
  read_labels(train, options);
  options.drop_last = train.boolean("drop_last", false);
  options.augmentation.crop_padding = train.integer_at_least("crop_padding", 0, 0);
  options.augmentation.flip = train.boolean("flip", false);
  options.gradient_norm_every = train.choice("gradient_norm", {"end", "every"}, "end") == "every";
  options.memory_mib = train.integer_at_least("memory_mib", 1, options.memory_mib);
  constexpr std::int64_t most = std::int64_t{1} << 30;
  if (options.memory_mib > most) {
    train.fail("memory_mib", fmt::format("found {}, expected MiB of a rank, at most {}",
                                         options.memory_mib, most));
  }
  read_snapshots(train, options);
  options.checkpoint_every_s = train.positive("checkpoint_every_s", options.checkpoint_every_s);
  return options;
}

TrainOptions objective_train_settings(const Settings& train) {
  TrainOptions options;
  options.epochs = 0;
  constexpr std::int64_t usual_steps = 100;
  options.steps = train.integer_at_least("steps", 0, usual_steps);
  options.batch = train.integer_at_least("batch", 0, 0);
  if (options.batch == 0) options.batch = std::numeric_limits<std::int64_t>::max();
  options.evaluate_every = train.integer_at_least("evaluate_every", 0, 1);
  options.gradient_norm_every = train.choice("gradient_norm", {"end", "every"}, "end") == "every";
  read_snapshots(train, options);
  options.checkpoint_every_s = train.positive("checkpoint_every_s", options.checkpoint_every_s);
  return options;
}

std::int64_t held_out(double share, std::int64_t samples) {
  if (share == 0.0) return 0;
  const auto rounded =
      static_cast<std::int64_t>(std::llround(share * static_cast<double>(samples)));
  return std::clamp<std::int64_t>(rounded, 1, std::max<std::int64_t>(1, samples - 1));
}

}  // namespace thalweg
