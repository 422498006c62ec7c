#pragma once

#include <cstdint>

#include "probes/probe.hpp"

namespace thalweg {

struct SpectralDensityOptions {
  std::int64_t vectors = 10;     ///< starts of Lanczos, at least 2
  std::int64_t iterations = 80;  ///< Lanczos steps from each
  std::int64_t points = 1001;    ///< of the grid of eigenvalues, at least 101
  std::uint64_t seed = 0;
};

/// The density of the Hessian's whole spectrum by stochastic Lanczos quadrature (Ubaru, Chen and
/// Saad 2017; Ghorbani et al. 1901.10159; Yao et al. 1912.07145): from each random start the Ritz
/// values θ_i with weights (first components of their vectors)², broadened by Gaussians of variance
/// σ² = 1e-5 max(1, range), or of the grid's spacing where that is wider, averaged over the starts
/// with standard errors. A Krylov space exhausted early, as for H = cI, ends its recurrence: its
/// quadrature is then exact. vectors · iterations products.
class SpectralDensity final : public Probe {
 public:
  explicit SpectralDensity(SpectralDensityOptions options) : options_(options) {}
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  SpectralDensityOptions options_;
};

}  // namespace thalweg
