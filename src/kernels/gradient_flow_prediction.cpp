#include "kernels/gradient_flow_prediction.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace thalweg {

namespace {

/// ηλ/n, with directions of the null space set to 0.
double speed(const LinearTraining& training, double eigenvalue) {
  if (std::abs(eigenvalue) <= training.null_eigenvalue) return 0.0;
  return training.learning_rate * eigenvalue / static_cast<double>(training.samples);
}

void check_time(const LinearTraining& training, double t) {
  const bool whole = std::isinf(t) || t == std::floor(t);
  if (!(t >= 0.0) || (training.rule == TrainingRule::descent && !whole)) {
    throw Error(
        fmt::format("linear training: time {} is not {}", t,
                    training.rule == TrainingRule::flow ? "0 or more" : "a whole number of steps"));
  }
}

/// (1 − x)^t for x ≥ 1 and a whole t > 0.
double overshooting_power(double x, double t) {
  if (x == 1.0) return 0.0;
  const double size = std::exp(t * std::log(x - 1.0));
  return std::fmod(t, 2.0) == 0.0 ? size : -size;
}

/// 1 − gap_left, without cancellation where it is small.
double gap_closed(TrainingRule rule, double x, double t) {
  if (rule == TrainingRule::flow) return -std::expm1(-x * t);
  if (x < 1.0) return -std::expm1(t * std::log1p(-x));
  return 1.0 - overshooting_power(x, t);
}

/// The end of training, x ≠ 0.
void check_converges(TrainingRule rule, double x) {
  if (x > 0.0 && (rule == TrainingRule::flow || x < 2.0)) return;
  throw Error(
      fmt::format("linear training: no limit along a direction where rate times eigenvalue over "
                  "samples is {}, expected it in (0, {})",
                  x, rule == TrainingRule::flow ? "infinity" : "2"));
}

}  // namespace

double gap_left(const LinearTraining& training, double eigenvalue, double t) {
  check_time(training, t);
  const double x = speed(training, eigenvalue);
  if (x == 0.0 || t == 0.0) return 1.0;
  if (std::isinf(t)) {
    check_converges(training.rule, x);
    return 0.0;
  }
  if (training.rule == TrainingRule::flow) return std::exp(-x * t);
  if (x < 1.0) return std::exp(t * std::log1p(-x));
  return overshooting_power(x, t);
}

double gap_filter(const LinearTraining& training, double eigenvalue, double t) {
  check_time(training, t);
  const double rate = training.learning_rate / static_cast<double>(training.samples);
  const double x = speed(training, eigenvalue);
  if (std::isinf(t)) {
    if (x == 0.0) return 0.0;
    check_converges(training.rule, x);
    return 1.0 / eigenvalue;
  }
  // Below the smallest normal number the quotient would lose its digits; there it is t to rounding.
  if (std::abs(x) < std::numeric_limits<double>::min() / std::numeric_limits<double>::epsilon()) {
    return rate * t;
  }
  return t == 0.0 ? 0.0 : rate * (gap_closed(training.rule, x, t) / x);
}

std::vector<double> filtered(const LinearTraining& training, std::span<const double> eigenvalues,
                             std::span<const double> projections, std::int64_t outputs, double t) {
  const auto width = static_cast<std::size_t>(outputs);
  if (projections.size() != eigenvalues.size() * width) {
    throw Error(fmt::format("linear training: {} projections for {} eigenvalues and {} outputs",
                            projections.size(), eigenvalues.size(), outputs));
  }
  std::vector<double> coefficients(projections.size());
  for (std::size_t i = 0; i < eigenvalues.size(); ++i) {
    const double factor = gap_filter(training, eigenvalues[i], t);
    for (std::size_t o = 0; o < width; ++o) {
      coefficients[i * width + o] = factor * projections[i * width + o];
    }
  }
  return coefficients;
}

double largest_stable_rate(double largest_eigenvalue, std::int64_t samples, double momentum) {
  if (!(largest_eigenvalue > 0.0)) return std::numeric_limits<double>::infinity();
  return 2.0 * (1.0 + momentum) * static_cast<double>(samples) / largest_eigenvalue;
}

}  // namespace thalweg
