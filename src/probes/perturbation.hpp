#pragma once

#include <cstdint>

#include "probes/probe.hpp"

namespace thalweg {

struct PerturbationOptions {
  double radius = 0.05;     ///< ρ of the ball
  std::int64_t steps = 1;   ///< of ascent; 1: the point that SAM takes its gradient at
  double sigma = 0.01;      ///< of the Gaussian
  std::int64_t draws = 10;  ///< pairs ±ξ, at least 2; 0: no average
  bool adaptive = false;    ///< both scaled by |w_i|
  std::uint64_t seed = 0;
};

/// How far the loss rises when all parameters are perturbed, at the worst and on average.
///
/// Worst: the maximum of L(w + ε) − L(w) over ‖ε‖ ≤ ρ by normalised ascent, ε ← P(ε + ρ g/(‖g‖ +
/// 1e-12)) from 0, P the projection on the ball. The first step is SAM's ε̂ (Foret et al. 2021,
/// 2010.01412, equation 2), whose rise is a value of its own; more steps approach the maximum from
/// below. Adaptive: the same in ε_i/|w_i|, the ball of ASAM, ε̂ = ρ w² g/‖|w| g‖ (Kwon et al. 2021,
/// 2102.11600). Where the gradient vanishes the ascent stays: read the rise beside `gradient_norm`.
/// `steps` gradients and one value besides.
///
/// Average: E L(w + σξ) − L(w), ξ ~ N(0, I), or σ|w_i|ξ_i: its mean over pairs ±ξ, in which the
/// linear term is gone, with the standard error over the pairs. On a quadratic it is ½σ² tr H.
/// 2 · draws values.
class Perturbation final : public Probe {
 public:
  explicit Perturbation(PerturbationOptions options) : options_(options) {}
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  PerturbationOptions options_;
};

}  // namespace thalweg
