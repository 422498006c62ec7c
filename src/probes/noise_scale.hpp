#pragma once

#include <cstdint>

#include "probes/probe.hpp"

namespace thalweg {

struct NoiseScaleOptions {
  /// Samples whose gradients are followed through the Hessian for tr(HΣ), drawn without
  /// replacement; 0: B_noise is left out; all of the subset: exact.
  std::int64_t curvature_samples = 0;
  /// Pairs of a small and a large batch; 0: the two-batch estimator is left out; else at least 2.
  std::int64_t draws = 0;
  std::int64_t small = 8;
  std::int64_t large = 64;
  /// Whether a batch may hold a sample twice. Training draws without.
  bool replacement = false;
  std::uint64_t seed = 0;
};

/// How noisy the gradients of batches are (McCandlish et al. 2018, 1812.06162), over a stated
/// subset of N samples with gradients g_i, mean G and covariance Σ = (1/N) Σ (g_i − G)(g_i − G)ᵀ:
/// B_simple = tr Σ/‖G‖², exact from every sample's gradient, and B_noise = tr(HΣ)/GᵀHG with H the
/// subset's Hessian, from the mean of (g_i − G)ᵀH(g_i − G) over m samples (standard error with the
/// finite-population factor √(1 − m/N)).
///
/// Beside them what training itself could measure: batches of two sizes, whose squared gradient
/// norms give ‖G‖² and tr Σ. Batches drawn without replacement from N samples carry less noise than
/// Σ/B; the estimator counts with that, so it is unbiased for the subset's own moments either way.
/// The same batches are drawn at every point of a run.
///
/// B_simple has no value where G is no more than rounding of the samples' gradients, B_noise where
/// GᵀHG is not above 0 besides. By batches of two sizes B_simple is a ratio of two estimates, with
/// Fieller's interval of 95 % (`_low`, `_high`): where ‖G‖² is not told from 0, as near
/// convergence, there is no value and no upper end, and the lower end is a one-sided bound. Needs
/// a finite sum whose samples do not mix.
class NoiseScale final : public Probe {
 public:
  explicit NoiseScale(NoiseScaleOptions options) : options_(options) {}
  [[nodiscard]] bool needs_separate_samples() const override { return true; }
  [[nodiscard]] bool is_about_training() const override { return true; }
  /// Throws ConfigurationError where the subset is too small for the options.
  void check(const std::vector<ParameterBlock>& blocks, std::int64_t samples) const override;
  void begin(Objective<double>& objective, std::span<const double> start, Subset subset) override;
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  NoiseScaleOptions options_;
};

}  // namespace thalweg
