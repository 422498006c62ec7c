#pragma once

#include <cstdint>

#include "probes/probe.hpp"

namespace thalweg {

enum class TraceMethod { hutchinson, hutch_plus_plus };

struct TraceOptions {
  std::int64_t vectors = 30;  ///< products; at least 2, of Hutch++ at least 6
  std::uint64_t seed = 0;
  TraceMethod method = TraceMethod::hutchinson;
};

/// tr H and ‖H‖_F² of the Hessian by Hutchinson (1990): means of vᵀHv and ‖Hv‖² over vectors v of
/// independent signs, with standard errors. The variance of one vᵀHv is 2(‖H‖_F² − Σ H_ii²). The
/// parts of vᵀHv over the elements of a block of parameters have the trace of the block's own
/// Hessian as their mean, so these cost nothing more. `vectors` products.
///
/// Hutch++ (Meyer et al. 2021, 2010.09649, algorithm 1) spends a third of the products on HS, S of
/// signs; a third on tr QᵀHQ, Q an orthonormal basis of HS; and the rest on Hutchinson's estimate
/// of what is orthogonal to Q, whose spread is the standard error: exact for H of a rank up to a
/// third, and never much worse. ‖H‖_F² and the blocks' traces are then of the first third alone.
/// Holds a third of the vectors, spread over the ranks.
class HessianTrace final : public Probe {
 public:
  explicit HessianTrace(TraceOptions options) : options_(options) {}
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  TraceOptions options_;
};

}  // namespace thalweg
