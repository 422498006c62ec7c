#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "kernels/definiteness.hpp"
#include "kernels/kernel_score.hpp"
#include "kernels/memory.hpp"
#include "kernels/regression_steps.hpp"
#include "linalg/factorization.hpp"
#include "linalg/mirror.hpp"
#include "linalg/upper_cholesky.hpp"

namespace thalweg {

namespace {

constexpr double kEpsilon32 = static_cast<double>(std::numeric_limits<float>::epsilon());
constexpr double kEpsilon64 = std::numeric_limits<double>::epsilon();

/// (UᵀU)⁻¹ in float32 on columns of any size: each is brought to norm 1 first.
void apply_factor(const DistributedMatrix<float>& factor, std::span<const double> in,
                  std::span<double> out) {
  const auto n = static_cast<std::size_t>(factor.rows());
  std::vector<float> columns(in.size());
  std::vector<double> norms(in.size() / n);
  for (std::size_t c = 0; c < norms.size(); ++c) {
    double sum = 0.0;
    for (std::size_t i = c * n; i < (c + 1) * n; ++i) sum += in[i] * in[i];
    norms[c] = sum > 0.0 ? std::sqrt(sum) : 1.0;
    for (std::size_t i = c * n; i < (c + 1) * n; ++i) {
      columns[i] = static_cast<float>(in[i] / norms[c]);
    }
  }
  solve_upper(factor, std::span<float>(columns));
  for (std::size_t i = 0; i < in.size(); ++i)
    out[i] = norms[i / n] * static_cast<double>(columns[i]);
}

/// Factors K + (λ + shift) I; where that is not positive definite in float32, the shift grows from
/// about the rounding of the factorisation. Returns the shift.
double factor_with_shift(DistributedMatrix<float>& gram, std::span<const double> diagonal,
                         double lambda, double mean_diagonal, const WorkControl& control) {
  double shift = 0.0;
  for (;;) {
    gram.add_to_diagonal(lambda + shift);
    Progress progress(control.log, "Cholesky, percent", 100);
    const std::int64_t failed = upper_cholesky(
        gram, [&](double done) { progress.update(static_cast<std::int64_t>(100.0 * done)); });
    progress.finish();
    if (failed == 0) return shift;
    const double first =
        10.0 * kEpsilon32 * std::sqrt(static_cast<double>(gram.rows())) * mean_diagonal;
    shift = shift == 0.0 ? first : 10.0 * shift;
    if (!(shift <= mean_diagonal)) {
      throw Error(fmt::format(
          "the float32 kernel matrix is not positive definite even with {:.2e}, its mean diagonal, "
          "added: it is not a kernel's",
          mean_diagonal));
    }
    control.log.info(fmt::format(
        "K + ridge I is not positive definite in float32 (minor {}); its factor alone, the "
        "preconditioner, takes a shift of {:.2e}",
        failed, shift));
    mirror_up(gram, diagonal);
  }
}

}  // namespace

KernelResult mixed_kernel_regression(const Communicator& comm, const DataSet<float>& rough_data,
                                     const Kernel<float>& rough_kernel, const DataSet<double>& data,
                                     const Kernel<double>& kernel, const RegressionOptions& options,
                                     const std::optional<GramKeeping>& keeping,
                                     const WorkControl& control) {
  if (options.method != RegressionMethod::cholesky || options.leave_one_out ||
      options.ridge_grid.size() > 1 || !options.times.empty() || options.ensemble) {
    throw Error("mixed precision solves one ridge by Cholesky; use float64 for anything else");
  }
  KernelResult result = empty_result(data);
  const std::int64_t n = result.train;
  const ProcessGrid grid = tall_grid(comm);
  require_memory(comm, "kernel regression in mixed precision", n, [&](std::int64_t size) {
    return regression_bytes(size, result.classes, grid.rows(), grid.columns(), sizeof(float));
  });
  Phases phases(comm);
  auto rough = kernel_blocks(comm, rough_kernel, rough_data, result.block);
  DistributedMatrix<float> gram(grid, n, n, result.block);
  if (!assemble_kept(rough_kernel, samples_of(rough_data.train), *rough.train, gram, keeping,
                     control, result.balance) ||
      !keep_test_block(comm, rough_kernel, rough_data, keeping, control, rough)) {
    result.interrupted = true;
    return result;
  }
  result.assemble_s = phases.lap();

  // Of a costly kernel the float32 values are the kernel; of any other float64 is computed anew.
  const bool kept = costly(*rough.train);
  KernelBlocks<double> fine;
  if (!kept) fine = kernel_blocks(comm, kernel, data, result.block);
  const auto rough_diagonal = mirror_down(gram);
  const auto diagonal = kept ? rough_diagonal : tile_diagonal(comm, *fine.train);
  result.trace = 0.0;
  for (const double value : diagonal) result.trace += value;
  require_kernel(result.trace);
  const double mean = result.trace / static_cast<double>(n);
  const double ridge_value =
      options.ridge_grid.empty() ? options.ridge.value : options.ridge_grid.front();
  result.ridge = lambda_of({ridge_value, options.ridge.relative}, result.trace, n);
  result.preconditioner_shift =
      factor_with_shift(gram, rough_diagonal, result.ridge, mean, control);
  result.factor_s = phases.lap();

  const ColumnOperator product = [&](std::span<const double> in, std::span<double> out) {
    if (kept) {
      multiply_mirrored(gram, std::span<const double>(diagonal), in, out);
    } else {
      multiply_by_tiles(comm, *fine.train, in, out);
    }
  };
  const ColumnOperator precondition = [&](std::span<const double> in, std::span<double> out) {
    apply_factor(gram, in, out);
  };
  const auto targets = centred_one_hot(data.train.labels(), result.classes);
  const auto solved =
      conjugate_gradient(shifted(product, result.ridge), precondition, targets, result.classes,
                         {options.tolerance, options.max_iterations}, control.log);
  if (!solved.converged) {
    const GramRounding rounding{
        kEpsilon64, fine.train ? fine.train->element_error() : rough.train->element_error()};
    const LeastEigenvalue least = least_eigenvalue(comm, product, n, rounding, result.trace);
    if (!is_positive(least, n, result.ridge, result.trace, rounding)) {
      throw Error(not_positive_message(least, n, result.ridge, result.trace, rounding));
    }
  }
  result.iterated = true;
  result.converged = solved.converged;
  result.iterations = solved.iterations;
  result.history = solved.history;
  result.residual = solved.residual;
  warn_if_open(result, control.log);
  result.solve_s = phases.lap();

  result.predictions =
      kept ? predict(comm, rough.test_tiles(), std::span<const double>(solved.solution),
                     result.classes)
           : predict(comm, *fine.test, std::span<const double>(solved.solution), result.classes);
  const KernelScore reached = score(result.predictions, data.test.labels(), result.classes);
  result.test_accuracy = reached.accuracy;
  result.test_loss = reached.loss;
  result.predict_s = phases.lap();
  require_finite(result);
  return result;
}

}  // namespace thalweg
