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
  /// Collective over the objective's team; every rank gets the same bits. `x` is the whole point.
  virtual Measurement measure(Objective<double>& objective, std::span<const double> x,
                              Subset subset) = 0;
};

}  // namespace thalweg
