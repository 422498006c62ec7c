#pragma once

#include <optional>

#include "linalg/lanczos.hpp"
#include "probes/probe.hpp"

namespace thalweg {

/// Where training stands to the edge of stability (Cohen et al. 2021, 2103.00065; 2022, 2207.14484
/// for adaptive methods): λ_max of the Hessian, or of P⁻¹H for an optimiser that divides by a
/// diagonal P, found by Lanczos on the symmetric P^(−1/2) H P^(−1/2), which has the same
/// eigenvalues and whose residual is recorded; the threshold of the optimiser at its learning rate;
/// and their ratio, which hovers at 1 at the edge.
///
/// `threshold` and `ratio` are there for all rows of a run or for none: an optimiser knows a
/// threshold or does not, and the first measurement decides.
class EdgeOfStability final : public Probe {
 public:
  /// Whatever `options` want, the largest alone is looked for.
  explicit EdgeOfStability(LanczosOptions options) : options_(options) { options_.smallest = 0; }
  [[nodiscard]] bool needs_preconditioner() const override { return true; }
  /// Forgets the optimiser of an earlier run.
  void begin(Objective<double>& /*objective*/, std::span<const double> /*start*/,
             Subset /*subset*/) override {
    state_ = {};
    has_threshold_.reset();
  }
  void observe(const TrainingState& state) override { state_ = state; }
  /// Throws Error for a preconditioner of another size or with entries that are not finite and
  /// positive, and where a threshold is known now but was not before, or the other way round.
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  LanczosOptions options_;
  TrainingState state_;
  std::optional<bool> has_threshold_;
};

}  // namespace thalweg
