#include "kernels/regression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "base/error.hpp"
#include "kernels/definiteness.hpp"
#include "kernels/ensemble.hpp"
#include "kernels/kernel_score.hpp"
#include "kernels/kernel_spectrum.hpp"
#include "kernels/low_rank_preconditioner.hpp"
#include "kernels/memory.hpp"
#include "kernels/regression_steps.hpp"
#include "linalg/factorization.hpp"
#include "linalg/mirror.hpp"
#include "linalg/upper_cholesky.hpp"

namespace thalweg {

namespace {

/// One regression in one precision, step by step.
template <class Real>
class Regression {
 public:
  Regression(const Communicator& comm, const DataSet<Real>& data, const Kernel<Real>& kernel,
             const RegressionOptions& options, const WorkControl& control, const Kernel<Real>* nngp)
      : comm_(comm),
        data_(data),
        kernel_(kernel),
        options_(options),
        control_(control),
        nngp_(nngp),
        result_(empty_result(data)),
        n_(result_.train),
        targets_(centred_one_hot(data.train.labels(), result_.classes)) {}

  KernelResult run(const std::optional<GramKeeping>& keeping) {
    const ProcessGrid grid = tall_grid(comm_);
    const auto outputs = result_.classes * (1 + static_cast<std::int64_t>(options_.times.size()));
    require_memory(comm_, "kernel regression", n_, [&](std::int64_t size) {
      return regression_bytes(size, outputs, grid.rows(), grid.columns(), sizeof(Real),
                              options_.method);
    });
    Phases phases(comm_);
    blocks_ = kernel_blocks(comm_, kernel_, data_, result_.block);
    if (options_.method == RegressionMethod::cg) {
      iterate(phases);
    } else {
      DistributedMatrix<Real> gram(grid, n_, n_, result_.block);
      if (!assemble_kept(kernel_, samples_of(data_.train), *blocks_.train, gram, keeping, control_,
                         result_.balance) ||
          !keep_test_block(comm_, kernel_, data_, keeping, control_, blocks_)) {
        result_.interrupted = true;
        return std::move(result_);
      }
      result_.assemble_s = phases.lap();
      diagonal_ = diagonal_of(gram);
      take_trace();
      const bool kept = costly(*blocks_.train) || (options_.ridge_grid.size() > 1 &&
                                                   options_.method == RegressionMethod::cholesky);
      if (kept) mirror_down(gram);
      product_ = costly(*blocks_.train) ? mirrored_product(gram) : tile_product();
      if (options_.method == RegressionMethod::eigen) {
        solve_spectrally(gram, phases);
      } else {
        solve_by_factor(gram, phases);
      }
      result_.residual = solve_residual(product_, result_.ridge, solution_, targets_);
      result_.residual_s = phases.lap();
    }
    predict_tests();
    result_.predict_s = phases.lap();
    require_finite(result_);
    return std::move(result_);
  }

 private:
  static constexpr double kEpsilon = static_cast<double>(std::numeric_limits<Real>::epsilon());

  void take_trace() {
    result_.trace = 0.0;
    for (const double value : diagonal_) result_.trace += value;
    require_kernel(result_.trace);
  }
  [[nodiscard]] GramRounding rounding() const { return {kEpsilon, blocks_.train->element_error()}; }
  [[nodiscard]] ColumnOperator tile_product() const {
    return [this](std::span<const double> in, std::span<double> out) {
      multiply_by_tiles(comm_, *blocks_.train, in, out);
    };
  }
  [[nodiscard]] ColumnOperator mirrored_product(const DistributedMatrix<Real>& gram) const {
    return [this, &gram](std::span<const double> in, std::span<double> out) {
      multiply_mirrored(gram, std::span<const double>(diagonal_), in, out);
    };
  }
  [[nodiscard]] std::vector<double> lambdas() const {
    std::vector<double> values = options_.ridge_grid;
    if (values.empty()) values.push_back(options_.ridge.value);
    for (double& value : values) {
      value = lambda_of({value, options_.ridge.relative}, result_.trace, n_);
    }
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
  }
  [[nodiscard]] bool leaves_one_out() const {
    return options_.leave_one_out || options_.ridge_grid.size() > 1;
  }

  /// A ridge that cannot be used: skipped in a grid while another is left.
  void refuse(double lambda, const LeastEigenvalue& least, bool last) {
    const std::string message = not_positive_message(least, n_, lambda, result_.trace, rounding());
    if (last && solution_.empty()) throw Error(message);
    control_.log.warn("left out of the grid: " + message);
  }

  /// Keeps the solution for this ridge if it is the best yet.
  void consider(double lambda, std::vector<double> solution,
                const std::vector<double>& inverse_diagonal) {
    if (leaves_one_out()) {
      const LeaveOneOutScore left =
          leave_one_out_score(solution, inverse_diagonal, data_.train.labels(), result_.classes);
      result_.trials.push_back({lambda, left.error, left.accuracy});
      if (!solution_.empty()) {
        const bool better = options_.choice == LeaveOneOutCriterion::squared_error
                                ? left.error < best_.error
                                : left.accuracy > best_.accuracy;
        if (!better) return;
      }
      best_ = left;
    }
    result_.ridge = lambda;
    solution_ = std::move(solution);
  }

  /// Directions that the factor lost: pivots that are rounding alone. λ_min is at most the least.
  [[nodiscard]] LeastEigenvalue lost(const DistributedMatrix<Real>& factor, double lambda) const {
    LeastEigenvalue weak;
    weak.value = std::numeric_limits<double>::infinity();
    weak.null_count = 0;
    const auto roots = diagonal_of(factor);
    for (std::size_t k = 0; k < roots.size(); ++k) {
      const double pivot = roots[k] * roots[k];
      weak.value = std::min(weak.value, pivot - lambda);
      if (pivot <= 4.0 * kEpsilon * (diagonal_[k] + lambda)) ++weak.null_count;
    }
    return weak;
  }

  void solve_by_factor(DistributedMatrix<Real>& gram, Phases& phases) {
    const auto grid = lambdas();
    for (std::size_t k = 0; k < grid.size(); ++k) {
      const double lambda = grid[k];
      const bool last = k + 1 == grid.size();
      if (k > 0) mirror_up(gram, std::span<const double>(diagonal_));
      gram.add_to_diagonal(lambda);
      const std::int64_t failed = factor(gram);
      const LeastEigenvalue weak = failed == 0 ? lost(gram, lambda) : LeastEigenvalue{};
      result_.factor_s += phases.lap();
      if (failed != 0 || weak.null_count > 0) {
        LeastEigenvalue least = least_eigenvalue(comm_, product_, n_, rounding(), result_.trace);
        if (failed == 0) {
          least.value = std::min(least.value, weak.value);
          if (least.null_count < weak.null_count) least.null_count = weak.null_count;
        }
        refuse(lambda, least, last);
        continue;
      }
      std::vector<Real> columns(targets_.begin(), targets_.end());
      solve_upper(gram, std::span<Real>(columns));
      std::vector<double> inverse_diagonal;
      if (leaves_one_out()) {
        invert_upper(gram);
        inverse_diagonal = squared_upper_rows(gram);
      }
      consider(lambda, {columns.begin(), columns.end()}, inverse_diagonal);
      result_.solve_s += phases.lap();
    }
  }

  std::int64_t factor(DistributedMatrix<Real>& gram) {
    Progress progress(control_.log, "Cholesky, percent", 100);
    const std::int64_t failed = upper_cholesky(
        gram, [&](double done) { progress.update(static_cast<std::int64_t>(100.0 * done)); });
    progress.finish();
    return failed;
  }

  void solve_spectrally(DistributedMatrix<Real>& gram, Phases& phases) {
    const KernelSpectrum<Real> spectrum(gram, blocks_.train->element_error());
    result_.factor_s = phases.lap();
    result_.eigenvalues = spectrum.values();
    const auto& values = spectrum.values();
    const auto projections = spectrum.project(targets_);
    const auto grid = lambdas();
    for (std::size_t k = 0; k < grid.size(); ++k) {
      const double lambda = grid[k];
      const LeastEigenvalue least{values.front(), 0.0, values.back(), spectrum.null_count()};
      if (!is_positive(least, n_, lambda, result_.trace, rounding())) {
        refuse(lambda, least, k + 1 == grid.size());
        continue;
      }
      const auto inverse = [&](std::size_t i) { return 1.0 / (values[i] + lambda); };
      std::vector<double> inverse_diagonal;
      if (leaves_one_out()) {
        std::vector<double> inverses(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) inverses[i] = inverse(i);
        inverse_diagonal = spectrum.combine_squares(inverses);
      }
      consider(lambda, spectrum.combine(scaled(projections, inverse)), inverse_diagonal);
    }
    result_.effective_dimension = effective_dimension(values, result_.ridge);
    result_.largest_rate = largest_stable_rate(values.back(), n_);
    result_.largest_rate_momentum = largest_stable_rate(values.back(), n_, options_.momentum);
    if (options_.rule == TrainingRule::descent && !options_.times.empty() &&
        options_.learning_rate >= result_.largest_rate) {
      throw ConfigurationError(fmt::format(
          "[regression] learning_rate = {}: gradient descent diverges from {}, 2 n / lambda_max of "
          "this kernel, on",
          options_.learning_rate, result_.largest_rate));
    }
    follow(spectrum, projections);
    result_.solve_s = phases.lap();
  }

  /// projections (n × classes) with row i times factor(i).
  template <class Factor>
  [[nodiscard]] std::vector<double> scaled(const std::vector<double>& projections,
                                           const Factor& factor) const {
    std::vector<double> values(projections.size());
    const auto n = static_cast<std::size_t>(n_);
    for (std::size_t i = 0; i < n; ++i) {
      const double by = factor(i);
      for (std::size_t at = i; at < values.size(); at += n) values[at] = by * projections[at];
    }
    return values;
  }

  /// The trajectory on training samples, and the coefficients of the one on test samples.
  void follow(const KernelSpectrum<Real>& spectrum, const std::vector<double>& projections) {
    const LinearTraining training{options_.learning_rate, n_, options_.rule, spectrum.rounding()};
    const auto& values = spectrum.values();
    KernelTrajectory& path = result_.trajectory;
    path.times = options_.times;
    for (const double t : options_.times) {
      const auto at_t = spectrum.combine(
          scaled(projections, [&](std::size_t i) { return gap_filter(training, values[i], t); }));
      path_solutions_.insert(path_solutions_.end(), at_t.begin(), at_t.end());
      const auto outputs = spectrum.combine(scaled(
          projections, [&](std::size_t i) { return 1.0 - gap_left(training, values[i], t); }));
      std::vector<double> rows(outputs.size());
      for (std::int64_t c = 0; c < result_.classes; ++c) {
        for (std::int64_t i = 0; i < n_; ++i) {
          rows[static_cast<std::size_t>(i * result_.classes + c)] =
              outputs[static_cast<std::size_t>(i + c * n_)];
        }
      }
      const KernelScore reached = score(rows, data_.train.labels(), result_.classes);
      path.train_loss.push_back(reached.loss);
      path.train_accuracy.push_back(reached.accuracy);
    }
    if (!options_.ensemble) return;
    if (nngp_ == nullptr) throw Error("an ensemble needs the NNGP kernel of its networks");
    const auto nngp = kernel_blocks(comm_, *nngp_, data_, result_.block, true);
    const InitialCovariance<Real> initial{*nngp.train, *nngp.test, *nngp.test_alone};
    std::vector<SpectralFilter> filters;
    for (const double t : options_.times) {
      filters.emplace_back([&training, t](double value) { return gap_filter(training, value, t); });
    }
    // The end is that of the predictions, ridge and all.
    filters.emplace_back([this](double value) { return 1.0 / (value + result_.ridge); });
    path.variance = ensemble_variances<Real>(spectrum, blocks_.test_tiles(), initial, filters);
    if (path.variance.empty()) {
      result_.interrupted = true;
      return;
    }
    const auto end = path.variance.end() - result_.test;
    path.final_variance.assign(end, path.variance.end());
    path.variance.erase(end, path.variance.end());
  }

  void iterate(Phases& phases) {
    if (leaves_one_out()) {
      throw Error(R"(leave-one-out needs a factorisation: method = "cholesky" or "eigen")");
    }
    product_ = tile_product();
    diagonal_ = tile_diagonal(comm_, *blocks_.train);
    take_trace();
    result_.ridge = lambdas().front();
    std::unique_ptr<LowRankPreconditioner> low_rank;
    ColumnOperator precondition;
    if (options_.preconditioner == Preconditioner::low_rank) {
      low_rank =
          std::make_unique<LowRankPreconditioner>(comm_, *blocks_.train, diagonal_, result_.ridge,
                                                  std::min(options_.preconditioner_rank, n_));
      precondition = [&](std::span<const double> in, std::span<double> out) {
        low_rank->apply(in, out);
      };
    } else if (options_.preconditioner == Preconditioner::jacobi) {
      precondition = [this](std::span<const double> in, std::span<double> out) {
        for (std::size_t i = 0; i < in.size(); ++i) {
          const double scale = diagonal_[i % diagonal_.size()] + result_.ridge;
          out[i] = scale > 0.0 ? in[i] / scale : in[i];
        }
      };
    }
    result_.factor_s = phases.lap();
    const auto solved = conjugate_gradient(
        shifted(product_, result_.ridge), precondition, targets_, result_.classes,
        {options_.tolerance, options_.max_iterations}, control_.log);
    result_.iterated = true;
    result_.converged = solved.converged;
    result_.iterations = solved.iterations;
    result_.history = solved.history;
    result_.residual = solved.residual;
    solution_ = solved.solution;
    if (!solved.converged) {
      const LeastEigenvalue least =
          least_eigenvalue(comm_, product_, n_, rounding(), result_.trace);
      std::string diagnosis;
      if (!is_positive(least, n_, result_.ridge, result_.trace, rounding())) {
        diagnosis = not_positive_message(least, n_, result_.ridge, result_.trace, rounding());
      }
      if (solved.singular && !diagnosis.empty()) throw Error(diagnosis);
      warn_if_open(result_, control_.log, diagnosis);
    }
    result_.solve_s = phases.lap();
  }

  void predict_tests() {
    std::vector<double> solutions = solution_;
    solutions.insert(solutions.end(), path_solutions_.begin(), path_solutions_.end());
    const auto stages = static_cast<std::int64_t>(1 + options_.times.size());
    const std::int64_t classes = result_.classes;
    const auto outputs =
        predict(comm_, blocks_.test_tiles(), std::span<const double>(solutions), stages * classes);
    const auto stage = [&](std::int64_t s) {
      std::vector<double> values(static_cast<std::size_t>(result_.test * classes));
      for (std::int64_t i = 0; i < result_.test; ++i) {
        std::copy_n(outputs.begin() + (i * stages + s) * classes, classes,
                    values.begin() + i * classes);
      }
      return values;
    };
    result_.predictions = stage(0);
    const auto labels = data_.test.labels();
    const KernelScore reached = score(result_.predictions, labels, classes);
    result_.test_accuracy = reached.accuracy;
    result_.test_loss = reached.loss;
    KernelTrajectory& path = result_.trajectory;
    for (std::int64_t s = 1; s < stages; ++s) {
      const auto at_t = stage(s);
      const KernelScore then = score(at_t, labels, classes);
      path.test_accuracy.push_back(then.accuracy);
      path.test_loss.push_back(then.loss);
      path.predictions.insert(path.predictions.end(), at_t.begin(), at_t.end());
    }
  }

  const Communicator& comm_;
  const DataSet<Real>& data_;
  const Kernel<Real>& kernel_;
  const RegressionOptions& options_;
  const WorkControl& control_;
  const Kernel<Real>* nngp_;
  KernelResult result_;
  std::int64_t n_;
  std::vector<double> targets_;  ///< n × classes, column-major
  KernelBlocks<Real> blocks_;
  std::vector<double> diagonal_;        ///< of K
  ColumnOperator product_;              ///< K times columns
  std::vector<double> solution_;        ///< α, n × classes, column-major
  std::vector<double> path_solutions_;  ///< the same for each time
  LeaveOneOutScore best_;
};

}  // namespace

std::int64_t regression_bytes(std::int64_t n, std::int64_t outputs, int grid_rows, int grid_columns,
                              std::int64_t element_bytes, RegressionMethod method) {
  const std::int64_t block = choose_block(n);
  // Right-hand sides, solutions, residuals and sums, all n × outputs; some 20 of them while the
  // kernel is multiplied along the tree.
  std::int64_t bytes = 24 * n * outputs * 8 + 6 * block * block * 8;
  if (method == RegressionMethod::cg) return bytes;
  const std::int64_t matrix = local_bytes(n, n, block, grid_rows, grid_columns, element_bytes);
  bytes += matrix + cholesky_bytes(n, block, grid_rows, grid_columns, element_bytes);
  // Eigenvectors, and twice as much as that for ScaLAPACK to work in.
  if (method == RegressionMethod::eigen) bytes += 3 * matrix + 12 * n * element_bytes;
  return bytes;
}

template <class Real>
KernelResult kernel_regression(const Communicator& comm, const DataSet<Real>& data,
                               const Kernel<Real>& kernel, const RegressionOptions& options,
                               const std::optional<GramKeeping>& keeping,
                               const WorkControl& control, const Kernel<Real>* nngp) {
  return Regression<Real>(comm, data, kernel, options, control, nngp).run(keeping);
}

template KernelResult kernel_regression(const Communicator&, const DataSet<float>&,
                                        const Kernel<float>&, const RegressionOptions&,
                                        const std::optional<GramKeeping>&, const WorkControl&,
                                        const Kernel<float>*);
template KernelResult kernel_regression(const Communicator&, const DataSet<double>&,
                                        const Kernel<double>&, const RegressionOptions&,
                                        const std::optional<GramKeeping>&, const WorkControl&,
                                        const Kernel<double>*);

}  // namespace thalweg
