#pragma once

#include <memory>
#include <string>

#include "objectives/objective.hpp"
#include "probes/measurement.hpp"

namespace thalweg {

/// Measures the ground around a point of any objective.
class Probe {
 public:
  Probe() = default;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  virtual ~Probe() = default;
  /// Throws ConfigurationError where the probe makes no sense on objectives of this many
  /// parameters. Local.
  virtual void check(std::int64_t /*dimension*/) const {}
  /// Does it make sense only where a sample's output does not depend on the others?
  [[nodiscard]] virtual bool needs_separate_samples() const { return false; }
  /// Where a run begins, for probes that compare with it. Called before the first step, and again
  /// with the same arguments after a resume; `measure` follows with the same subset. Collective.
  virtual void begin(Objective<double>& /*objective*/, std::span<const double> /*start*/,
                     Subset /*subset*/) {}
  /// Collective over the objective's team; every rank gets the same bits. `x` is the whole point.
  virtual Measurement measure(Objective<double>& objective, std::span<const double> x,
                              Subset subset) = 0;
};

}  // namespace thalweg
