#pragma once

#include "linalg/lanczos.hpp"
#include "probes/probe.hpp"

namespace thalweg {

/// How near a critical point is, and of what kind: ‖g‖; ‖Hg‖/‖g‖, small beside |λ|_max at the
/// gradient-flat points where finders often stop although g is not small (Frye et al. 2020,
/// 2003.10397), and its ratio to |λ|_max, between 0 and 1; λ_min and λ_max by Lanczos with their
/// residuals ‖Hv − λv‖; and a lower bound of the index: by interlacing, H has at least as many
/// negative eigenvalues as its restriction to the Krylov space, where those count that are further
/// below 0 than rounding in the products may take them (LanczosProcess::rounding). A multiple
/// negative eigenvalue counts once. One gradient and 3 + iterations products. Where g is 0 the
/// ratios have no value.
class CriticalPoint final : public Probe {
 public:
  explicit CriticalPoint(LanczosOptions options) : options_(options) {}
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  LanczosOptions options_;
};

}  // namespace thalweg
