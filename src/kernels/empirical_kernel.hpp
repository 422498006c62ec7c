#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/kernel.hpp"
#include "models/mlp.hpp"
#include "models/tangent_kernel.hpp"

namespace thalweg {

/// The network of an empirical kernel.
struct EmpiricalKernelOptions {
  /// `inputs` is set to the samples' features; `outputs` ≥ 1 is what the mean is taken over.
  MlpOptions network;
  std::uint64_t seed = 0;  ///< of the initial parameters
  TangentMethod method = TangentMethod::cheapest;
  /// Work between two checkpoints of a Gram assembly (some seconds of one core): a tile is cut into
  /// strips of at least 32 columns until one takes no more.
  double strip_flops = 2e11;
};

/// The empirical neural tangent kernel of a finite network as a Kernel: the mean over outputs,
/// (1/O) Σ_o ∂f_o(x)·∂f_o(x'), at its initial parameters or at given ones. Its infinite-width limit
/// is the fully connected kernel (Jacot et al. 2018), from which it differs by about width^(−1/2).
template <class Real>
class EmpiricalKernel final : public Kernel<Real> {
 public:
  /// At the initial parameters of `options.seed`. Throws ConfigurationError for a network with
  /// batch norm, whose initial running statistics say nothing of any data. Local.
  explicit EmpiricalKernel(EmpiricalKernelOptions options);
  /// At given parameters; with batch norm, its running statistics are frozen at `buffers`. Local.
  EmpiricalKernel(EmpiricalKernelOptions options, std::vector<Real> parameters,
                  std::vector<double> buffers = {});

  [[nodiscard]] std::string description() const override;
  /// Each rank keeps features (see TangentFeatures) of the panels of samples it used last, up to
  /// 512 MiB for the rows and as much for the columns. Throws Error where the given parameters do
  /// not fit the samples' features.
  [[nodiscard]] std::unique_ptr<KernelTiles<Real>> between(const Communicator& comm,
                                                           const Samples<Real>& rows,
                                                           const Samples<Real>& columns,
                                                           std::int64_t block) const override;

 private:
  EmpiricalKernelOptions options_;
  std::vector<Real> parameters_;  // empty: the initial ones
  std::vector<double> buffers_;
};

}  // namespace thalweg
