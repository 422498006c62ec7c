#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/data_set.hpp"
#include "kernels/gram.hpp"
#include "kernels/kernel.hpp"

namespace thalweg {

struct Ridge {
  double value = 1e-6;
  bool relative = true;  ///< λ = value · tr(K)/n; otherwise λ = value
};

/// Where a Gram matrix is kept while it grows and afterwards.
struct GramKeeping {
  std::string path;
  Attributes provenance;
  bool resume = false;
};

/// What a kernel regression gives. Everything but the timings is the same on all ranks.
struct KernelResult {
  bool interrupted = false;  ///< stopped while assembling; the rest is empty
  double test_accuracy = 0.0;
  double test_loss = 0.0;  ///< mean of ½‖f − y‖² over test samples
  double residual = 0.0;   ///< ‖(K + λI)α − Y‖ / ‖Y‖ with freshly computed K
  double ridge = 0.0;      ///< λ as used
  double trace = 0.0;      ///< tr K
  std::int64_t train = 0;
  std::int64_t test = 0;
  std::int64_t classes = 0;
  std::int64_t block = 0;
  std::vector<double> predictions;   ///< test × classes, row-major
  std::vector<std::int64_t> labels;  ///< of the test samples
  // Seconds, the slowest rank's.
  double assemble_s = 0.0;
  double factor_s = 0.0;
  double solve_s = 0.0;
  double residual_s = 0.0;
  double predict_s = 0.0;
};

/// Collective over comm. Kernel ridge regression of one-hot targets minus 1/classes: α = (K + λI)⁻¹
/// Y by Cholesky, test predictions by K_test,train α, which is streamed in row panels.
///
/// Memory of a rank: its part of the block-cyclic n × n matrix (factored in place), plus 3 n ×
/// classes and a few tiles: within 1.2 times the matrix once n exceeds about 50 classes; the
/// samples are the data set's own copy, one a node. Refuses early (usage) when that does not fit.
/// Throws Error when K + λI is not positive definite. Data must not be sharded.
template <class Real>
KernelResult kernel_regression(const Communicator& comm, const DataSet<Real>& data,
                               const Kernel<Real>& kernel, const Ridge& ridge,
                               const std::optional<GramKeeping>& keeping,
                               const WorkControl& control);

/// Bytes a rank allocates in kernel_regression. Local.
std::int64_t regression_bytes(std::int64_t n, std::int64_t classes, int grid_rows, int grid_columns,
                              std::int64_t element_bytes);

/// Collective over the grid of `gram`. ‖(K + λI)α − Y‖_F / ‖Y‖_F with K from `tiles`, dealt out as
/// the upper tiles of `gram` are; `solution` and `targets` are n × classes, column-major, on every
/// rank.
template <class Real>
double solve_residual(const KernelTiles<Real>& tiles, const DistributedMatrix<Real>& gram,
                      double lambda, std::span<const Real> solution, std::span<const Real> targets,
                      std::int64_t classes);

/// Collective over comm. K α for the rows of `tiles`: rows × classes, row-major, on every rank. The
/// row panels are dealt out; the sum over columns goes in order, so that bits depend on α alone.
template <class Real>
std::vector<double> predict(const Communicator& comm, const KernelTiles<Real>& tiles,
                            std::span<const Real> solution, std::int64_t classes);

}  // namespace thalweg
