#pragma once

#include <cstdint>

#include "probes/probe.hpp"

namespace thalweg {

struct TraceOptions {
  std::int64_t vectors = 30;  ///< at least 2
  std::uint64_t seed = 0;
};

/// tr H and ‖H‖_F² of the Hessian by Hutchinson (1990): means of vᵀHv and ‖Hv‖² over vectors v of
/// independent signs, with standard errors. The variance of one vᵀHv is 2(‖H‖_F² − Σ H_ii²). The
/// parts of vᵀHv over the elements of a block of parameters have the trace of the block's own
/// Hessian as their mean, so these cost nothing more. `vectors` products.
class HessianTrace final : public Probe {
 public:
  explicit HessianTrace(TraceOptions options) : options_(options) {}
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  TraceOptions options_;
};

}  // namespace thalweg
