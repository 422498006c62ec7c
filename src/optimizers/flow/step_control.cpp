#include "optimizers/flow/step_control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace thalweg {

namespace {

constexpr double kOrder = 5.0;
constexpr double kBeta = 0.04;
constexpr double kExponent = 1.0 / kOrder - 0.75 * kBeta;
constexpr double kSafety = 0.9;
constexpr double kLeastFactor = 0.2;
constexpr double kMostFactor = 10.0;

}  // namespace

void check(const FlowOptions& options) {
  const auto require = [](bool good, const char* key, double found, const char* expected) {
    if (!good) throw ConfigurationError(fmt::format("flow: {} is {}; {}", key, found, expected));
  };
  require(options.relative_tolerance >= 0.0 && std::isfinite(options.relative_tolerance),
          "relative_tolerance", options.relative_tolerance, "expected at least 0");
  require(options.absolute_tolerance > 0.0 && std::isfinite(options.absolute_tolerance),
          "absolute_tolerance", options.absolute_tolerance, "expected above 0");
  require(options.first_step >= 0.0 && std::isfinite(options.first_step), "first_step",
          options.first_step, "expected at least 0");
  require(options.max_step_rejections > 0, "max_step_rejections",
          static_cast<double>(options.max_step_rejections), "expected at least 1");
}

void StepControl::reject(double tried, double error) {
  // Of a rejected step the last error says nothing, so the control is by its own error alone.
  const double factor = std::isfinite(error)
                            ? std::max(kLeastFactor, kSafety / std::pow(error, kExponent))
                            : kLeastFactor;
  step_ = tried * factor;
  rejected_ = true;
}

void StepControl::accept(double tried, double error) {
  const double factor = std::clamp(kSafety * std::pow(error_, kBeta) / std::pow(error, kExponent),
                                   kLeastFactor, kMostFactor);
  const double next = tried * (rejected_ ? std::min(factor, 1.0) : factor);
  constexpr double rounding = 0.9;  // a step of few units in the last place of t differs by 3 %
  if (tried < rounding * step_ && factor == kMostFactor) {
    step_ = std::max(step_, next);
  } else {
    step_ = next;
    error_ = std::max(error, kLeastError);
  }
  rejected_ = false;
}

bool underflows(double step, double time) {
  const double size = std::abs(time);
  const double unit = std::nextafter(size, std::numeric_limits<double>::infinity()) - size;
  return step < 16.0 * unit;
}

double euler_trial_step(double point_norm, double slope_norm) {
  constexpr double tiny = 1e-5;
  if (point_norm < tiny || slope_norm < tiny) return 1e-6;
  return 0.01 * point_norm / slope_norm;
}

double first_step(double trial, double slope_norm, double slope_change) {
  const double size = std::max(slope_norm, slope_change / trial);
  const double step =
      size <= 1e-15 ? std::max(1e-6, 1e-3 * trial) : std::pow(0.01 / size, 1.0 / kOrder);
  return std::min(100.0 * trial, step);
}

}  // namespace thalweg
