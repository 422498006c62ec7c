#pragma once

#include <cstdint>
#include <vector>

#include "studies/completion/completion_settings.hpp"

namespace thalweg {

/// The steps at which a descent is measured: those nearest to stated times, or 0 and a number in
/// each decade. Local.
class MeasuringSteps {
 public:
  MeasuringSteps(const CompletionSpec& plan, double learning_rate);

  [[nodiscard]] bool is_due(std::int64_t step) const { return step == next_; }
  /// A step that was measured: the next one lies behind it.
  void pass(std::int64_t step);
  /// After which no step is taken.
  [[nodiscard]] std::int64_t last_step() const { return last_; }

 private:
  std::vector<std::int64_t> stated_;
  double per_decade_ = 0.0;
  std::int64_t next_ = 0;
  std::int64_t last_ = 0;
};

/// The times at which a flow is measured: stated ones, or 0 and a number in each decade from the
/// first on. Local.
class MeasuringTimes {
 public:
  explicit MeasuringTimes(const CompletionSpec& plan);

  /// Infinity where none is left.
  [[nodiscard]] double next() const { return next_; }
  void pass(double time);
  [[nodiscard]] double last_time() const { return last_; }

 private:
  std::vector<double> stated_;
  double per_decade_ = 0.0;
  double first_ = 0.0;
  double next_ = 0.0;
  double last_ = 0.0;
};

}  // namespace thalweg
