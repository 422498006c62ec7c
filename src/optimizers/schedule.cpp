#include "optimizers/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/error.hpp"

namespace thalweg {

namespace {

/// Epochs are counted in integers.
constexpr double kMostEpochs = 1e9;

std::string number(double value) {
  return fmt::format("{:.9g}", value);
}

[[noreturn]] void refuse(const std::string& key, const std::string& found,
                         const std::string& expected) {
  throw ConfigurationError(key + ": found " + found + ", expected " + expected);
}

}  // namespace

Schedule::Schedule(ScheduleOptions options, double base_rate, std::int64_t batch,
                   std::int64_t samples, std::int64_t epochs, std::int64_t steps, bool drop_last)
    : options_(std::move(options)),
      base_rate_(base_rate),
      samples_(samples),
      drop_last_(drop_last) {
  check();
  if (batch < 1) refuse("batch", std::to_string(batch), "at least 1");
  add_phase(0, batch);
  for (std::size_t k = 0; k < options_.batch_epochs.size(); ++k) {
    add_phase(static_cast<std::int64_t>(options_.batch_epochs[k]), options_.batch_sizes[k]);
  }
  steps_ = steps > 0 ? steps : steps_before(static_cast<double>(epochs));
  end_ = epochs_done(steps_);
  warmup_steps_ = steps_before(options_.warmup_epochs);
  warmup_end_ = epochs_done(warmup_steps_);
  if (warmup_steps_ > steps_) {
    refuse("warmup_epochs", number(options_.warmup_epochs),
           "at most the " + number(end_) + " epochs of the run");
  }
}

void Schedule::check() const {
  const auto one_of = [](const char* key, const std::string& found,
                         const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), found) != known.end()) return;
    std::string names;
    for (const auto& name : known) names += (names.empty() ? "" : ", ") + name;
    refuse(key, "'" + found + "'", "one of: " + names);
  };
  one_of("type", options_.type, {"constant", "step", "cosine", "linear"});
  one_of("scaling", options_.scaling, {"none", "linear", "sqrt"});
  if (!(options_.warmup_epochs >= 0.0) || options_.warmup_epochs > kMostEpochs) {
    refuse("warmup_epochs", number(options_.warmup_epochs), "at least 0");
  }
  if (options_.reference_batch < 1) {
    refuse("reference_batch", std::to_string(options_.reference_batch), "at least 1");
  }
  if (options_.batch_epochs.size() != options_.batch_sizes.size()) {
    refuse("batch_sizes", std::to_string(options_.batch_sizes.size()) + " numbers",
           "as many as batch_epochs, " + std::to_string(options_.batch_epochs.size()));
  }
  double before = 0.0;
  for (const double epoch : options_.batch_epochs) {
    if (!(epoch > before) || epoch != std::floor(epoch) || epoch > kMostEpochs) {
      refuse("batch_epochs", number(epoch), "whole numbers above 0, each above the last");
    }
    before = epoch;
  }
  for (const auto size : options_.batch_sizes) {
    if (size < 1) refuse("batch_sizes", std::to_string(size), "at least 1");
  }
}

void Schedule::add_phase(std::int64_t first_epoch, std::int64_t batch) {
  Phase phase;
  phase.first_epoch = first_epoch;
  phase.batch = std::min(batch, samples_);
  phase.steps_per_epoch =
      drop_last_ ? samples_ / phase.batch : (samples_ + phase.batch - 1) / phase.batch;
  if (!phases_.empty()) {
    const Phase& last = phases_.back();
    phase.first_step = last.first_step + (first_epoch - last.first_epoch) * last.steps_per_epoch;
  }
  phases_.push_back(phase);
}

const Schedule::Phase& Schedule::phase_of_step(std::int64_t step) const {
  std::size_t k = phases_.size() - 1;
  while (phases_[k].first_step > step) --k;
  return phases_[k];
}

double Schedule::epochs_done(std::int64_t step) const {
  const Phase& phase = phase_of_step(step);
  return static_cast<double>(phase.first_epoch) +
         static_cast<double>(step - phase.first_step) / static_cast<double>(phase.steps_per_epoch);
}

std::int64_t Schedule::steps_before(double epoch) const {
  std::size_t k = phases_.size() - 1;
  while (static_cast<double>(phases_[k].first_epoch) > epoch) --k;
  const double within = (epoch - static_cast<double>(phases_[k].first_epoch)) *
                        static_cast<double>(phases_[k].steps_per_epoch);
  return phases_[k].first_step + std::llround(within);
}

double Schedule::scaling(std::int64_t batch) const {
  const double ratio = static_cast<double>(batch) / static_cast<double>(options_.reference_batch);
  if (options_.scaling == "linear") return ratio;
  return options_.scaling == "sqrt" ? std::sqrt(ratio) : 1.0;
}

double Schedule::shape(std::int64_t step, double epochs_done) const {
  if (steps_ == 0) return 1.0;  // the rate that a first step would begin with
  if (step < warmup_steps_)
    return static_cast<double>(step + 1) / static_cast<double>(warmup_steps_);
  if (options_.type == "constant") return 1.0;
  if (options_.type == "step") {
    double product = 1.0;
    for (const double milestone : options_.milestones) {
      if (epochs_done >= milestone) product *= options_.factor;
    }
    return product;
  }
  const double left = end_ - warmup_end_;
  const double p = left > 0.0 ? std::min((epochs_done - warmup_end_) / left, 1.0) : 1.0;
  const double f = options_.final_factor;
  if (options_.type == "linear") return 1.0 + (f - 1.0) * p;
  return f + (1.0 - f) * 0.5 * (1.0 + std::cos(std::numbers::pi * p));
}

Schedule::Step Schedule::at(std::int64_t step) const {
  const Phase& phase = phase_of_step(step);
  const std::int64_t within = step - phase.first_step;
  Step result;
  result.epoch = phase.first_epoch + within / phase.steps_per_epoch;
  result.begin = within % phase.steps_per_epoch * phase.batch;
  result.count = std::min(phase.batch, samples_ - result.begin);
  result.batch = phase.batch;
  result.epochs_done = epochs_done(step);
  const std::int64_t scaled = options_.scale_with_growth ? phase.batch : phases_.front().batch;
  result.learning_rate = base_rate_ * scaling(scaled) * shape(step, result.epochs_done);
  return result;
}

}  // namespace thalweg
