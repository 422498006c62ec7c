#pragma once

#include <functional>
#include <span>
#include <vector>

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

/// f(λ) of a way to train: gap_filter at a time, 1/(λ + ridge) at the end of training with a ridge.
using SpectralFilter = std::function<double(double eigenvalue)>;

/// Collective over the grid of `spectrum`. Variance over an ensemble of infinitely wide networks of
/// each test output after training by each of `filters`, filters × test, row-major, on every rank:
/// the diagonal of K_tt + A K_dd Aᵀ − (A K_dt + transpose), K the NNGP kernel, A = Θ_td V f(Λ) Vᵀ
/// with Θ = V Λ Vᵀ the NTK (Lee et al. 2019, eq. 16). What trains by a ridge is pulled towards its
/// own initial outputs: A = Θ_td (Θ_dd + ridge I)⁻¹. Memory: a matrix of train × train and four of
/// train × test beside the spectrum's.
template <class Real>
[[nodiscard]] std::vector<double> ensemble_variances(const KernelSpectrum<Real>& spectrum,
                                                     const KernelTiles<Real>& ntk_test,
                                                     const InitialCovariance<Real>& initial,
                                                     std::span<const SpectralFilter> filters);

}  // namespace thalweg
