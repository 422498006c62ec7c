#pragma once

#include <cstdint>

#include "probes/probe.hpp"

namespace thalweg {

struct LocalEntropyOptions {
  double gamma = 1e4;        ///< inverse variance of the neighbourhood
  double temperature = 1.0;  ///< what the loss is divided by; 1/N: the posterior of N samples
  std::int64_t draws = 100;  ///< at least 2
  std::uint64_t seed = 0;
};

/// The local entropy of Chaudhari et al. (1611.01838, equation 5), relative to the point itself:
/// F(x; γ) = ln E exp(−(f(x + ξ) − f(x))/T), ξ ~ N(0, I/γ), which is their ln ∫ exp(−f(x') −
/// γ‖x − x'‖²/2) dx' with f/T for f, less its value where f is f(x) everywhere: 0 on flat ground,
/// the more negative the narrower the valley. f is the mean loss; their energy of N samples is N
/// times that, so T = 1/N. On a quadratic about its minimum F = −½ Σ ln(1 + λ_i/(γT)).
///
/// A Monte Carlo mean of weights, stable by taking the largest out, with the standard error of the
/// delta method and the effective number of draws (Σw)²/Σw²: where that is a few, a few draws carry
/// the mean and the error is no guide. Beside it −E(f(x + ξ) − f(x))/T, which bounds F from below
/// (Jensen). 1 + draws values.
class LocalEntropy final : public Probe {
 public:
  explicit LocalEntropy(LocalEntropyOptions options) : options_(options) {}
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  LocalEntropyOptions options_;
};

}  // namespace thalweg
