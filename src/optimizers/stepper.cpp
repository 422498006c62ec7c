#include "optimizers/stepper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "base/error.hpp"

namespace thalweg {

template <class Real>
Stepper<Real>::Stepper(const VectorSpace& space, std::vector<ParameterBlock> blocks,
                       const OptimizerOptions& options)
    : space_(&space),
      options_(options),
      gradient_(static_cast<std::size_t>(space.slice().size()), Real{0}) {
  const auto& kind = options.sharpness_aware;
  if (kind != "none" && kind != "sam" && kind != "asam") {
    throw ConfigurationError(
        fmt::format("sharpness_aware '{}' is not known; known: none, sam, asam", kind));
  }
  if (options.is_flow()) {
    if (!std::is_same_v<Real, double> || kind != "none" || options.clip_norm > 0.0) {
      throw ConfigurationError("a flow needs float64, and is neither clipped nor sharpness-aware");
    }
    flow_ = std::make_unique<FlowStep>(space, std::move(blocks), options);
  } else {
    optimizer_ = make_optimizer<Real>(options, space, std::move(blocks));
  }
}

template <class Real>
double Stepper<Real>::step(std::span<Real> w, double learning_rate, const Gradient& gradient,
                           const Gradient& perturbed) {
  if constexpr (std::is_same_v<Real, double>) {
    if (flow_) return flow_->step(w, learning_rate, gradient, perturbed ? perturbed : gradient);
  }
  const double loss = gradient(w, gradient_);
  if (!std::isfinite(loss)) return loss;
  if (options_.sharpness_aware != "none") {
    const double second = gradient_of_perturbed(w, perturbed ? perturbed : gradient);
    if (!std::isfinite(second)) return second;
  }
  if (options_.clip_norm > 0.0) clip();
  optimizer_->step(space_->slice_of(w), gradient_, learning_rate);
  space_->gather_in_place(w);
  return loss;
}

/// Leaves this rank's slice of w as it was, and the other ranks' too only where the loss is not
/// finite: otherwise the optimiser's step overwrites them.
template <class Real>
double Stepper<Real>::gradient_of_perturbed(std::span<Real> w, const Gradient& gradient) {
  const auto mine = space_->slice_of(w);
  kept_.assign(mine.begin(), mine.end());
  perturb(mine);
  space_->gather_in_place(w);
  const double loss = gradient(w, gradient_);
  std::copy(kept_.begin(), kept_.end(), mine.begin());
  if (!std::isfinite(loss)) space_->gather_in_place(w);
  return loss;
}

template <class Real>
void Stepper<Real>::perturb(std::span<Real> mine) {
  constexpr double tiny = 1e-12;
  const bool adaptive = options_.sharpness_aware == "asam";
  if (adaptive) {
    for (std::size_t i = 0; i < mine.size(); ++i) gradient_[i] *= std::abs(mine[i]);
  }
  const double norm = space_->norm(std::span<const Real>(gradient_));
  const auto scale = static_cast<Real>(options_.radius / (norm + tiny));
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const Real size = adaptive ? std::abs(mine[i]) : Real{1};
    mine[i] += scale * (size * gradient_[i]);
  }
}

/// As PyTorch's clip_grad_norm_: g ← g · min(1, c/(‖g‖ + 1e-6)) (Pascanu et al. 2013, Algorithm 1).
template <class Real>
void Stepper<Real>::clip() {
  constexpr double small = 1e-6;
  const double norm = space_->norm(std::span<const Real>(gradient_));
  const double factor = options_.clip_norm / (norm + small);
  if (!(factor < 1.0)) return;
  const auto scale = static_cast<Real>(factor);
  for (auto& g : gradient_) g *= scale;
}

template class Stepper<float>;
template class Stepper<double>;

}  // namespace thalweg
