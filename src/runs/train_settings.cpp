#include "runs/train_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "models/batch_layout.hpp"

namespace thalweg {

namespace {

void fit_shard(const Settings& train, std::int64_t ghost_size, TrainOptions& options) {
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
    options.epochs = Values(train, {epochs_key()}).integer("epochs");
    return;
  }
  options.steps = Values(train, {steps_key()}).integer("steps");
  if (train.has("epochs")) {
    train.fail("steps", "epochs already says how long a run is; leave one out");
  }
  if (options.steps == 0) options.epochs = 0;
}

void take_snapshots(const Settings& train, const Values& values, TrainOptions& options) {
  options.snapshot_every_epochs = values.integer("snapshot_every_epochs");
  options.snapshot_every_steps = values.integer("snapshot_every_steps");
  if (options.snapshot_every_epochs > 0 && options.snapshot_every_steps > 0) {
    train.fail("snapshot_every_steps", "snapshot_every_epochs already says when; leave one out");
  }
}

Key gradient_norm_key() {
  return {"gradient_norm",
          std::string("end"),
          {.words = {"end", "every"}},
          "whether the record has ‖g‖ at the end alone or at every evaluation"};
}

/// What runs on networks and on objectives share.
std::vector<Key> record_keys() {
  const TrainOptions usual;
  return {
      gradient_norm_key(),
      {"snapshot_every_epochs",
       usual.snapshot_every_epochs,
       {.least = 0.0},
       "parameters are kept after 0, k, 2k, … of these and at the end; 0: not"},
      {"snapshot_every_steps", usual.snapshot_every_steps, {.least = 0.0}, "or of steps; 0: not"},
      {"checkpoint_every_s",
       usual.checkpoint_every_s,
       {.above = 0.0},
       "seconds between two checkpoints of a run; more where they would cost over 2 %"}};
}

}  // namespace

Key precision_key() {
  return {"precision",
          std::string("float32"),
          {.words = {"float32", "float64"}},
          "of parameters and steps, for the whole study"};
}

Key epochs_key() {
  constexpr double most = 1e9;  // as many as a schedule counts
  return {"epochs",
          TrainOptions().epochs,
          {.least = 0.0, .most = most},
          "length of a run; 0: none, its start is evaluated and probed"};
}

Key steps_key() {
  Key key{"steps", std::int64_t{1}, {.least = 0.0}, "length of a run in place of epochs"};
  key.is_optional = true;
  return key;
}

const std::vector<Key>& train_keys() {
  static const std::vector<Key> keys = [] {
    const TrainOptions usual;
    const KeyRange share{.least = 0.0, .most = 1.0};
    std::vector<Key> made{
        {"loss",
         std::string("cross_entropy"),
         {.words = {"cross_entropy", "squared"}},
         "of a sample, in the mean over samples"},
        {"batch", usual.batch, {.least = 1.0}, "samples of a step"},
        {"shard", usual.shard, {.least = 0.0}, "samples that are summed at once; 0: by the batch"},
        {"evaluate_every",
         usual.evaluate_every,
         {.least = 0.0},
         "steps between two rows of the trajectory; 0: an epoch"},
        {"target_loss", usual.target_loss, {.least = 0.0}, "training loss to stop at; 0: none"},
        {"target_accuracy", usual.target_accuracy, share, "test accuracy to stop at; 0: none"},
        {"initial", usual.initial, {}, "an .npz of arrays where the run begins; \"\": drawn"},
        {"random_labels", usual.random_labels, share,
         "probability of a label drawn from all classes"},
        {"label_noise", usual.label_noise, share, "probability of a label drawn from the others"},
        {"validation",
         usual.validation,
         {.least = 0.0, .below = 1.0},
         "share of the training samples held out, the last ones"},
        {"drop_last", usual.drop_last, {}, "whether an epoch's last batch, smaller, is left out"},
        {"crop_padding",
         usual.augmentation.crop_padding,
         {.least = 0.0},
         "pixels that images are moved by at most"},
        {"flip", usual.augmentation.flip, {}, "whether images are mirrored in half of the cases"},
        {"memory_mib",
         usual.memory_mib,
         {.least = 1.0, .most = 1073741824.0},
         "what a pass over samples may hold on each rank"}};
    for (auto& key : record_keys()) made.push_back(std::move(key));
    return made;
  }();
  return keys;
}

const std::vector<Key>& objective_train_keys() {
  static const std::vector<Key> keys = [] {
    std::vector<Key> made{
        {"steps", std::int64_t{100}, {.least = 0.0}, "length of a run"},
        {"batch", std::int64_t{0}, {.least = 0.0}, "terms of a step, where there are any; 0: all"},
        {"evaluate_every",
         std::int64_t{1},
         {.least = 0.0},
         "steps between two rows of the trajectory; 0: an epoch"}};
    for (auto& key : record_keys()) made.push_back(std::move(key));
    return made;
  }();
  return keys;
}

TrainOptions train_settings(const Settings& train, bool batch_norm, std::int64_t ghost_size) {
  const Values values(train, train_keys());
  TrainOptions options;
  if (values.string("loss") == "squared") options.loss = LossKind::squared;
  options.batch = values.integer("batch");
  if (options.batch == 1 && batch_norm) {
    train.fail("batch", "found 1, but batch norm needs at least two samples to take a variance of");
  }
  options.shard = values.integer("shard");
  fit_shard(train, ghost_size, options);
  read_length(train, options);
  options.evaluate_every = values.integer("evaluate_every");
  options.target_loss = values.number("target_loss");
  options.target_accuracy = values.number("target_accuracy");
  if (options.has_target() && !options.takes_steps()) {
    train.fail(options.target_loss > 0.0 ? "target_loss" : "target_accuracy",
               "the run takes no steps that could reach it");
  }
  options.initial = values.string("initial");
  if (!options.initial.empty()) train.expect_file("initial", options.initial);
  options.random_labels = values.number("random_labels");
  options.label_noise = values.number("label_noise");
  if (options.random_labels > 0.0 && options.label_noise > 0.0) {
    train.fail("label_noise", "random_labels already changes the labels; leave one out");
  }
  options.validation = values.number("validation");
  options.drop_last = values.boolean("drop_last");
  options.augmentation.crop_padding = values.integer("crop_padding");
  options.augmentation.flip = values.boolean("flip");
  options.gradient_norm_every = values.string("gradient_norm") == "every";
  options.memory_mib = values.integer("memory_mib");
  take_snapshots(train, values, options);
  options.checkpoint_every_s = values.number("checkpoint_every_s");
  return options;
}

TrainOptions objective_train_settings(const Settings& train) {
  const Values values(train, objective_train_keys());
  TrainOptions options;
  options.epochs = 0;
  options.steps = values.integer("steps");
  options.batch = values.integer("batch");
  if (options.batch == 0) options.batch = std::numeric_limits<std::int64_t>::max();
  options.evaluate_every = values.integer("evaluate_every");
  options.gradient_norm_every = values.string("gradient_norm") == "every";
  take_snapshots(train, values, options);
  options.checkpoint_every_s = values.number("checkpoint_every_s");
  return options;
}

bool is_wide(const Settings& train) {
  return Values(train, {precision_key()}).string("precision") == "float64";
}

std::int64_t held_out(double share, std::int64_t samples) {
  if (share == 0.0) return 0;
  const auto rounded =
      static_cast<std::int64_t>(std::llround(share * static_cast<double>(samples)));
  return std::clamp<std::int64_t>(rounded, 1, std::max<std::int64_t>(1, samples - 1));
}

}  // namespace thalweg
