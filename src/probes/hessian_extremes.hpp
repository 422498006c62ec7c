#pragma once

#include "linalg/lanczos.hpp"
#include "probes/probe.hpp"

namespace thalweg {

/// λ_max and λ_min of the Hessian by Lanczos, each with its residual ‖Hv − λv‖.
class HessianExtremes final : public Probe {
 public:
  explicit HessianExtremes(LanczosOptions options) : options_(options) {}
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  LanczosOptions options_;
};

}  // namespace thalweg
