#pragma once

#include "linalg/lanczos.hpp"
#include "probes/probe.hpp"

namespace thalweg {

/// The k largest (and m smallest) eigenvalues of the Hessian, multiple ones as often as they are,
/// by Lanczos with deflated restarts (outer_eigenpairs), each with its residual ‖Hv − λv‖, and the
/// share ⟨g, v⟩²/‖g‖² of the gradient along each: gradient descent soon happens in the top
/// eigenspace (Gur-Ari, Roberts and Dyer 1812.04754).
///
/// That no pair was missed has a certificate: `complete`, with the outermost value that a fresh
/// start orthogonal to all pairs reached, its residual, and a bound of what such a start may miss.
/// Where the k-th value and the next are one within their errors (`multiplet_cut`), the span of the
/// k vectors is a choice, and the gradient's share in it has no value.
class TopEigenpairs final : public Probe {
 public:
  explicit TopEigenpairs(LanczosOptions options) : options_(options) {}
  void check(const std::vector<ParameterBlock>& blocks, std::int64_t samples) const override;
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  LanczosOptions options_;
};

}  // namespace thalweg
