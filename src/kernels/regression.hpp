#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/data_set.hpp"
#include "kernels/gradient_flow_prediction.hpp"
#include "kernels/gram.hpp"
#include "kernels/kernel.hpp"
#include "kernels/ridge_choice.hpp"

namespace thalweg {

struct Ridge {
  double value = 1e-6;
  bool relative = true;  ///< λ = value · tr(K)/n; otherwise λ = value
};

/// How (K + λI) α = Y is solved.
enum class RegressionMethod {
  cholesky,  ///< one factorisation a ridge
  eigen,     ///< one eigendecomposition for all ridges and all times
  cg,        ///< conjugate gradient with K computed anew in every iteration: no matrix is kept
};

enum class Preconditioner { none, jacobi, low_rank };

struct RegressionOptions {
  RegressionOptions() = default;
  /// One ridge, by Cholesky.
  explicit(false) RegressionOptions(const Ridge& one) : ridge(one) {}

  Ridge ridge;
  std::vector<double> ridge_grid;  ///< values in place of ridge.value; empty: that one alone
  bool leave_one_out = false;      ///< also for a single ridge
  /// Of a grid, by leaving out each training sample in turn; never by test samples.
  LeaveOneOutCriterion choice = LeaveOneOutCriterion::squared_error;
  RegressionMethod method = RegressionMethod::cholesky;
  // Conjugate gradient, of the method cg and of mixed precision.
  double tolerance = 1e-10;
  std::int64_t max_iterations = 1000;
  Preconditioner preconditioner = Preconditioner::none;
  std::int64_t preconditioner_rank = 500;
  // Method eigen.
  std::vector<double> times;  ///< of the trajectory; steps for TrainingRule::descent
  double learning_rate = 1.0;
  double momentum = 0.9;  ///< of largest_rate_momentum, and of nothing else
  TrainingRule rule = TrainingRule::flow;
  bool ensemble = false;
};

/// Where kernel matrices are kept while they grow and afterwards.
struct GramKeeping {
  std::string path;        ///< train × train
  std::string cross_path;  ///< test × train, of a costly kernel alone
  Attributes provenance;
  bool resume = false;
  /// `path` is a whole matrix of another study with the same kernel and training samples.
  bool reuse = false;
};

/// One ridge of a grid, with what leaving one out says of it.
struct RidgeTrial {
  double ridge = 0.0;  ///< λ as used
  double error = 0.0;  ///< mean over training samples of ½‖f₋ᵢ(xᵢ) − yᵢ‖²
  double accuracy = 0.0;
};

/// What the kernel predicts of training a network by gradient flow or descent from outputs 0.
struct KernelTrajectory {
  std::vector<double> times;
  std::vector<double> train_loss;
  std::vector<double> train_accuracy;
  std::vector<double> test_loss;
  std::vector<double> test_accuracy;
  std::vector<double> predictions;     ///< times × test × classes, row-major
  std::vector<double> variance;        ///< times × test; empty unless an ensemble was asked for
  std::vector<double> final_variance;  ///< test, of the predictions with their ridge; likewise
};

/// What a kernel regression gives. Everything but the timings is the same on all ranks.
struct KernelResult {
  bool interrupted = false;  ///< stopped while assembling; the rest is empty
  double test_accuracy = 0.0;
  double test_loss = 0.0;  ///< mean of ½‖f − y‖² over test samples
  double residual = 0.0;   ///< ‖(K + λI)α − Y‖ / ‖Y‖
  double ridge = 0.0;      ///< λ as used
  double trace = 0.0;      ///< tr K
  std::int64_t train = 0;
  std::int64_t test = 0;
  std::int64_t classes = 0;
  std::int64_t block = 0;
  std::vector<double> predictions;   ///< test × classes, row-major
  std::vector<std::int64_t> labels;  ///< of the test samples
  std::vector<RidgeTrial> trials;    ///< by ridge; empty unless leave-one-out was asked for
  // Method cg and mixed precision.
  bool iterated = false;
  bool converged = true;
  std::int64_t iterations = 0;
  std::vector<double> history;        ///< largest relative residual of a column, by iteration
  double preconditioner_shift = 0.0;  ///< added to the diagonal of the float32 factor alone
  // Method eigen.
  std::vector<double> eigenvalues;  ///< of K, ascending
  double effective_dimension = 0.0;
  double largest_rate = 0.0;
  double largest_rate_momentum = 0.0;
  KernelTrajectory trajectory;
  AssemblyBalance balance;  ///< of the Gram matrix
  // Seconds, the slowest rank's.
  double assemble_s = 0.0;
  double factor_s = 0.0;
  double solve_s = 0.0;
  double residual_s = 0.0;
  double predict_s = 0.0;
};

/// Collective over comm. Kernel ridge regression of one-hot targets minus 1/classes: α = (K + λI)⁻¹
/// Y, test predictions by K_test,train α, which is streamed in row panels. The residual uses K
/// computed anew, except for a costly kernel, whose values stay in the matrix's lower triangle.
/// `nngp` is needed for an ensemble.
///
/// Memory of a rank: its part of the block-cyclic n × n matrix (factored in place; four such parts
/// for the eigendecomposition, none for cg), two panels of it, and some n × classes; the samples
/// are the data set's own copy, one a node. Refuses early (usage) when that does not fit. Throws
/// Error, with λ_min, when K + λI is not positive definite to rounding. Conjugate gradient that
/// does not converge is told by `converged`, with its best iterate; where it diverges, an error of
/// the same kind. Data must not be sharded.
template <class Real>
KernelResult kernel_regression(const Communicator& comm, const DataSet<Real>& data,
                               const Kernel<Real>& kernel, const RegressionOptions& options,
                               const std::optional<GramKeeping>& keeping,
                               const WorkControl& control, const Kernel<Real>* nngp = nullptr);

/// Collective over comm. The same in mixed precision, by Cholesky: K is assembled and factored in
/// float32 (`rough`), and conjugate gradient preconditioned by that factor solves the system with K
/// in float64 (`data`, `kernel`; of a costly kernel the float32 values) to options.tolerance. Where
/// K + λI is not positive definite in float32, the factor alone takes a shift
/// (preconditioner_shift). Both data sets are of the same samples. One ridge, no leave-one-out.
KernelResult mixed_kernel_regression(const Communicator& comm, const DataSet<float>& rough_data,
                                     const Kernel<float>& rough_kernel, const DataSet<double>& data,
                                     const Kernel<double>& kernel, const RegressionOptions& options,
                                     const std::optional<GramKeeping>& keeping,
                                     const WorkControl& control);

/// Bytes a rank allocates in kernel_regression by `method` with `outputs` right-hand sides. Local.
std::int64_t regression_bytes(std::int64_t n, std::int64_t outputs, int grid_rows, int grid_columns,
                              std::int64_t element_bytes,
                              RegressionMethod method = RegressionMethod::cholesky);

}  // namespace thalweg
