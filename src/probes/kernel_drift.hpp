#pragma once

#include <vector>

#include "probes/probe.hpp"

namespace thalweg {

/// How far the empirical tangent kernel Θ̂ (mean over outputs, of the subset's samples) has moved
/// since the run began: ‖Θ̂_t − Θ̂_0‖_F/‖Θ̂_0‖_F, which vanishes as width grows (Jacot et al. 2018;
/// Lee et al. 2019), and its alignment, the cosine ⟨A, B⟩_F/(‖A‖_F ‖B‖_F) without centring, with
/// Θ̂_0 and with the targets' Y Yᵀ (Cristianini et al. 2001). Needs the loss of a model in which
/// samples do not mix; memory 2 n² float64.
class KernelDrift final : public Probe {
 public:
  [[nodiscard]] bool needs_separate_samples() const override { return true; }
  [[nodiscard]] bool is_about_training() const override { return true; }
  [[nodiscard]] bool needs_tangent_kernel() const override { return true; }
  /// Computes Θ̂_0.
  void begin(Objective<double>& objective, std::span<const double> start, Subset subset) override;
  /// Throws Error without begin on the same subset, or where Θ̂_0 is zero.
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  std::vector<double> at_start_;
};

}  // namespace thalweg
