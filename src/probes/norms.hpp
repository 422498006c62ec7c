#pragma once

#include <vector>

#include "probes/probe.hpp"

namespace thalweg {

/// Euclidean norms of the parameters, of the subset's gradient and of the way from the run's start,
/// in whole and for every block of the objective's parameters (a layer's weights, its biases, …;
/// one block of all where the objective tells of none). Keeps its slice of the start.
class Norms final : public Probe {
 public:
  void begin(Objective<double>& objective, std::span<const double> start, Subset subset) override;
  /// Throws Error without begin.
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  std::vector<double> start_slice_;
  bool begun_ = false;
};

}  // namespace thalweg
