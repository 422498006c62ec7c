#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "objectives/objective.hpp"

namespace thalweg {

/// What a finite sum f = (1/N) Σ f_i may offer besides: its samples' own gradients, measured
/// without a collective gradient for each. The same bits on any number of ranks.
template <class Real>
class SampleGradients {
 public:
  SampleGradients() = default;
  SampleGradients(const SampleGradients&) = delete;
  SampleGradients& operator=(const SampleGradients&) = delete;
  virtual ~SampleGradients() = default;

  /// ‖∇f_i(x) − centre‖² for each sample of the subset (empty: all), in its order, on every rank.
  /// `centre` is whole, or empty for the origin: distances from the mean gradient lose no digits to
  /// a difference of two large squares. Throws ConfigurationError where f is not such a sum because
  /// samples mix (batch norm with the batch's statistics). Collective.
  virtual std::vector<double> squared_gradient_distances(std::span<const Real> x,
                                                         std::span<const Real> centre,
                                                         Subset subset) = 0;
};

/// The same of any finite sum: by its SampleGradients, else by one collective gradient a sample.
/// Throws ConfigurationError where the objective has no samples. Collective.
template <class Real>
std::vector<double> squared_gradient_distances(Objective<Real>& objective, std::span<const Real> x,
                                               std::span<const Real> centre, Subset subset);

/// The subset itself, or the numbers of all samples if it is empty.
[[nodiscard]] std::vector<std::int64_t> stated_samples(Subset subset, std::int64_t sample_count);

}  // namespace thalweg
