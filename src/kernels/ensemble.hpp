#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/gradient_flow_prediction.hpp"
#include "kernels/kernel_spectrum.hpp"
#include "kernels/kernel_tiles.hpp"

namespace thalweg {

/// The NNGP kernel's blocks: what outputs at initialisation covary as.
template <class Real>
struct InitialCovariance {
  const KernelTiles<Real>& train;       ///< train × train, symmetric
  const KernelTiles<Real>& test;        ///< test × train
  const KernelTiles<Real>& test_alone;  ///< test × test, symmetric: its diagonal tiles are used
};

/// Collective over the grid of `spectrum`. Variance over an ensemble of infinitely wide networks of
/// each test output after training for each of `times` (∞: to the end), times × test, row-major, on
/// every rank: the diagonal of K_tt + A K_dd Aᵀ − (A K_dt + transpose), K the NNGP kernel, A = Θ_td
/// V f_t(Λ) Vᵀ with Θ = V Λ Vᵀ the NTK and f_t = gap_filter (Lee et al. 2019, eq. 16). Memory: a
/// matrix of train × train and four of train × test beside the spectrum's.
template <class Real>
[[nodiscard]] std::vector<double> ensemble_variances(const KernelSpectrum<Real>& spectrum,
                                                     const KernelTiles<Real>& ntk_test,
                                                     const InitialCovariance<Real>& initial,
                                                     const LinearTraining& training,
                                                     std::span<const double> times);

}  // namespace thalweg
