#pragma once

#include "linalg/lanczos.hpp"
#include "probes/probe.hpp"

namespace thalweg {

/// The k largest (and m smallest) eigenvalues of the Hessian by Lanczos, each with its residual
/// ‖Hv − λv‖, and the share ⟨g, v⟩²/‖g‖² of the gradient along each: gradient descent soon happens
/// in the top eigenspace (Gur-Ari, Roberts and Dyer 1812.04754). A multiple eigenvalue shows once.
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
