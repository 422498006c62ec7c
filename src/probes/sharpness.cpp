#include "probes/sharpness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "optimizers/lbfgsb.hpp"

namespace thalweg {

namespace {

/// −f(x + Az) and its gradient in z, the same on every rank.
class NegatedNeighbourhood {
 public:
  NegatedNeighbourhood(Objective<double>& objective, std::span<const double> x, Subset subset,
                       const RandomSubspace* plane)
      : objective_(&objective),
        x_(x),
        subset_(subset),
        plane_(plane),
        point_(x.begin(), x.end()),
        slice_(static_cast<std::size_t>(objective.space().slice().size())) {}

  double operator()(std::span<const double> z, std::span<double> gradient) {
    const VectorSpace& space = objective_->space();
    if (plane_ == nullptr) {
      for (std::size_t i = 0; i < z.size(); ++i) point_[i] = x_[i] + z[i];
    } else {
      plane_->lift(z, slice_);
      const auto x_slice = space.slice_of(x_);
      for (std::size_t i = 0; i < slice_.size(); ++i) slice_[i] += x_slice[i];
      space.gather(std::span<const double>(slice_), std::span(point_));
    }
    const double value = objective_->gradient(point_, subset_, slice_);
    for (auto& g : slice_) g = -g;
    if (plane_ == nullptr) {
      space.gather(std::span<const double>(slice_), gradient);
    } else {
      const auto projected = plane_->transposed(slice_);
      std::copy(projected.begin(), projected.end(), gradient.begin());
    }
    return -value;
  }

 private:
  Objective<double>* objective_;
  std::span<const double> x_;
  Subset subset_;
  const RandomSubspace* plane_;
  std::vector<double> point_;
  std::vector<double> slice_;
};

enum class StartKind { origin, corner, interior };

StartKind kind_of(std::int64_t start) {
  if (start == 0) return StartKind::origin;
  return start % 2 == 1 ? StartKind::corner : StartKind::interior;
}

const char* name_of(StartKind kind) {
  switch (kind) {
    case StartKind::origin:
      return "origin";
    case StartKind::corner:
      return "corner";
    case StartKind::interior:
      return "interior";
  }
  return "";
}

std::vector<double> start_point(std::int64_t start, std::span<const double> bound,
                                std::uint64_t seed) {
  std::vector<double> z(bound.size(), 0.0);
  Stream stream(seed, Purpose::sharpness_start, static_cast<std::uint64_t>(start));
  const StartKind kind = kind_of(start);
  for (std::size_t i = 0; i < z.size(); ++i) {
    if (kind == StartKind::corner) z[i] = stream.rademacher() * bound[i];
    if (kind == StartKind::interior) z[i] = stream.uniform(-1.0, 1.0) * bound[i];
  }
  return z;
}

}  // namespace

void Sharpness::check(const std::vector<ParameterBlock>& blocks, std::int64_t /*samples*/) const {
  const std::int64_t dimension = parameter_count(blocks);
  if (options_.subspace < dimension) return;
  throw ConfigurationError(
      fmt::format("sharpness: subspace is {}, but the network has {} parameters; expected fewer",
                  options_.subspace, dimension));
}

Measurement Sharpness::measure(Objective<double>& objective, std::span<const double> x,
                               Subset subset) {
  const VectorSpace& space = objective.space();
  std::unique_ptr<RandomSubspace> plane;
  std::vector<double> centre(x.begin(), x.end());  // A⁺x
  if (options_.subspace > 0) {
    plane =
        std::make_unique<RandomSubspace>(space, options_.subspace, options_.seed, options_.columns);
    centre = plane->pseudo_inverse(space.slice_of(x));
  }
  std::vector<double> upper(centre.size());
  std::vector<double> lower(centre.size());
  for (std::size_t i = 0; i < centre.size(); ++i) {
    upper[i] = options_.epsilon * (std::abs(centre[i]) + 1.0);
    lower[i] = -upper[i];
  }

  const double here = objective.value(x, subset);
  NegatedNeighbourhood negated(objective, x, subset, plane.get());
  const auto phi = [here](double value) { return 100.0 * (value - here) / (1.0 + here); };
  std::vector<std::string> kinds;
  std::vector<std::string> exits;
  std::vector<double> start_values;
  std::vector<double> values;
  std::vector<double> evaluations;
  std::vector<double> iterations;
  std::vector<double> projected_gradients;
  double highest = here;
  bool away_is_sound = false;
  for (std::int64_t start = 0; start < options_.starts; ++start) {
    double first = 0.0;
    bool is_first = true;
    const auto function = [&](std::span<const double> z, std::span<double> g) {
      const double value = negated(z, g);
      if (is_first) first = -value;
      is_first = false;
      return value;
    };
    LbfgsbOptions climb;
    climb.max_iterations = options_.iterations;
    const auto result =
        minimise_in_box(function, start_point(start, upper, options_.seed), lower, upper, climb);
    kinds.emplace_back(name_of(kind_of(start)));
    exits.push_back(result.exit);
    start_values.push_back(first);
    values.push_back(phi(-result.value));
    evaluations.push_back(static_cast<double>(result.evaluations));
    iterations.push_back(static_cast<double>(result.iterations));
    projected_gradients.push_back(result.projected_gradient);
    if (-result.value > highest) highest = -result.value;
    if (kind_of(start) != StartKind::origin && std::isfinite(result.value)) away_is_sound = true;
  }
  double mean = 0.0;
  for (const double value : values) mean += value;
  mean /= static_cast<double>(values.size());
  double spread = 0.0;
  for (const double value : values) spread += (value - mean) * (value - mean);
  spread = values.size() > 1 ? std::sqrt(spread / static_cast<double>(values.size() - 1)) : 0.0;

  const bool certified = std::isfinite(highest) && (highest > here || away_is_sound);
  Measurement found;
  found.scalars = {
      {"sharpness", phi(highest), "percent",
       "Keskar sharpness, best over all starts (a lower bound)"},
      {"sharpness_mean", mean, "percent", "mean over starts"},
      {"sharpness_spread", spread, "percent", "standard deviation over starts"},
      {"certified", certified ? 1.0 : 0.0, "1",
       "1 if the value does not rest on a climb from the origin alone"},
      {"value_at_point", here, "1", "f(x)"},
  };
  found.details = {
      {"start_kind", kinds, "start", "1", "where the climb began"},
      {"start_value", start_values, "start", "1", "f at the start"},
      {"start_sharpness", values, "start", "percent", "sharpness found from the start"},
      {"start_exit", exits, "start", "1", "why the climb ended"},
      {"start_iterations", iterations, "start", "1", "iterations of L-BFGS-B"},
      {"start_evaluations", evaluations, "start", "1", "evaluations of f and its gradient"},
      {"start_projected_gradient", projected_gradients, "start", "1",
       "max-norm of the projected gradient at the end"},
  };
  return found;
}

}  // namespace thalweg
