#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "objectives/objective.hpp"
#include "probes/measurement.hpp"

namespace thalweg {

/// What the optimiser is about to do at the point to be measured.
struct TrainingState {
  double learning_rate = 0.0;  ///< of the next step
  /// λ_max of the (preconditioned) Hessian above which steps diverge on a quadratic, such as 2/η;
  /// none where the optimiser knows none.
  std::optional<double> threshold;
  /// This rank's slice of the diagonal of P, the step being −η P⁻¹ (gradient or momentum); empty:
  /// identity.
  std::vector<double> preconditioner_slice;
};

/// Measures the ground around a point of any objective.
class Probe {
 public:
  Probe() = default;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  virtual ~Probe() = default;
  /// Throws ConfigurationError where the probe makes no sense on objectives of this many
  /// parameters, or measured on so many samples. Local.
  virtual void check(std::int64_t /*dimension*/, std::int64_t /*samples*/) const {}
  /// Does it make sense only where a sample's output does not depend on the others?
  [[nodiscard]] virtual bool needs_separate_samples() const { return false; }
  /// Does it need the empirical tangent kernel, which not every network has?
  [[nodiscard]] virtual bool needs_tangent_kernel() const { return false; }
  /// Does it need the optimiser's preconditioner, if there is one? Points stored apart from the
  /// optimiser do not have it.
  [[nodiscard]] virtual bool needs_preconditioner() const { return false; }
  /// Where a run begins, for probes that compare with it. Called before the first step, and again
  /// with the same arguments after a resume; `measure` follows with the same subset. Collective.
  virtual void begin(Objective<double>& /*objective*/, std::span<const double> /*start*/,
                     Subset /*subset*/) {}
  /// The optimiser's state, told before each `measure` of a run; never told where there is no
  /// optimiser. Local.
  virtual void observe(const TrainingState& /*state*/) {}
  /// Has the same scalars and details in the same order every time: they are columns of the record.
  /// Collective over the objective's team; every rank gets the same bits. `x` is the whole point.
  virtual Measurement measure(Objective<double>& objective, std::span<const double> x,
                              Subset subset) = 0;
};

}  // namespace thalweg
