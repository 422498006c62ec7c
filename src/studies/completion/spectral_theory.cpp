#include "studies/completion/spectral_theory.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "linalg/dense_svd.hpp"
#include "objectives/factors/end_to_end.hpp"
#include "optimizers/flow/flow.hpp"

namespace thalweg {

namespace {

/// One value from `start` towards `target`.
std::vector<double> value_at(std::span<const double> times, int depth, double start, double target,
                             double rate) {
  std::vector<double> values;
  if (depth == 1) {
    for (const double t : times) {
      values.push_back(target + (start - target) * std::exp(-rate * t));
    }
    return values;
  }
  if (depth == 2 && target > 0.0) {
    for (const double t : times) {
      // s e^x / (e^x − 1 + s/σ_0) with x = 2 s g t, without overflow, and without cancellation
      // where s is next to nothing.
      const double x = 2.0 * target * rate * t;
      values.push_back(target / (-std::expm1(-x) + std::exp(-x) * target / start));
    }
    return values;
  }
  const Communicator self = Communicator::duplicate(MPI_COMM_SELF);
  const VectorSpace space(self, 1);
  FlowOptions options;
  options.relative_tolerance = 1e-10;
  options.absolute_tolerance = 1e-14;
  Flow flow(space, options, [&](std::span<const double> x, std::span<double> slope) {
    const double value = std::max(x[0], 0.0);
    slope[0] = singular_velocity(depth, value, rate * (value - target));
    return value;
  });
  flow.begin(0.0, std::vector<double>{start});
  for (const double t : times) {
    while (flow.time() < t) flow.step();
    double value = start;
    flow.interpolate(t, std::span(&value, 1));
    values.push_back(value);
  }
  return values;
}

}  // namespace

std::optional<SpectralTheory> SpectralTheory::of(const CompletionSpec& plan,
                                                 const MethodSpec& method,
                                                 const CompletionProblem& problem) {
  const bool flows = method.is_flow || method.optimizer.is_plain_descent();
  const bool holds = method.is_trajectory() && flows && method.start == FactorStart::aligned &&
                     !problem.is_measured() &&
                     problem.train.size() == problem.rows * problem.columns &&
                     plan.loss.exponent == 2.0 && plan.matrix.low_rank.noise == 0.0;
  if (!holds) return std::nullopt;
  SpectralTheory theory;
  theory.depth_ = method.depth;
  theory.start_ = method.scale;
  theory.rate_ = 2.0 * plan.loss.coefficient(problem.train.size(), problem.train.size());
  theory.targets_ = dense_svd(problem.truth, problem.rows, problem.columns, false).values;
  return theory;
}

std::vector<double> SpectralTheory::at(std::span<const double> times, std::int64_t count) const {
  const auto width = static_cast<std::size_t>(count);
  std::vector<double> all(times.size() * width);
  for (std::size_t k = 0; k < width; ++k) {
    const auto values = value_at(times, depth_, start_, targets_[k], rate_);
    for (std::size_t i = 0; i < times.size(); ++i) all[i * width + k] = values[i];
  }
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto row = all.begin() + static_cast<std::ptrdiff_t>(i * width);
    std::sort(row, row + count, std::greater<>());
  }
  return all;
}

}  // namespace thalweg
