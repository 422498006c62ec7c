#include "studies/kernel_record.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <vector>

namespace thalweg {

namespace {

double mean(const std::vector<double>& values, std::size_t begin, std::size_t count) {
  double sum = 0.0;
  for (std::size_t i = begin; i < begin + count; ++i) sum += values[i];
  return sum / static_cast<double>(count);
}

void add_leave_one_out(const KernelResult& result, Record& record) {
  if (result.trials.empty()) return;
  std::vector<double> ridges;
  std::vector<double> errors;
  std::vector<double> accuracies;
  for (const RidgeTrial& trial : result.trials) {
    ridges.push_back(trial.ridge);
    errors.push_back(trial.error);
    accuracies.push_back(trial.accuracy);
  }
  record.column("/kernel/loo/ridge_grid", ridges, "ridge_grid", "1",
                "ridges tried, as added to the diagonal");
  record.column("/kernel/loo/error", errors, "ridge_grid", "1",
                "mean of half the squared leave-one-out error over training samples");
  record.column("/kernel/loo/accuracy", accuracies, "ridge_grid", "1",
                "leave-one-out accuracy over training samples");
}

void add_iteration(const KernelResult& result, Record& record) {
  if (!result.iterated) return;
  std::vector<std::int64_t> numbers(result.history.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int64_t>(i);
  record.column("/iteration/iteration", numbers, "iteration", "1", "conjugate-gradient iteration");
  record.column("/iteration/residual", result.history, "iteration", "1",
                "largest relative residual of a column, by the recursion; the last one true");
  record.scalar("/kernel/converged", result.converged ? 1.0 : 0.0, "1",
                "1 where conjugate gradient reached its tolerance, otherwise 0");
  record.scalar("/kernel/iterations", static_cast<double>(result.iterations), "1",
                "conjugate-gradient iterations");
  record.scalar("/kernel/preconditioner_shift", result.preconditioner_shift, "1",
                "added to the diagonal of the preconditioner alone");
}

void add_spectrum(const KernelResult& result, Record& record) {
  if (result.eigenvalues.empty()) return;
  record.column("/kernel/eigenvalues", result.eigenvalues, "eigenvalue", "1",
                "eigenvalues of K, ascending");
  record.scalar("/kernel/effective_dimension", result.effective_dimension, "1",
                "sum of eigenvalue / (eigenvalue + ridge)");
  record.scalar("/kernel/largest_rate", result.largest_rate, "1",
                "largest stable learning rate 2 n / largest eigenvalue");
  record.scalar("/kernel/largest_rate_momentum", result.largest_rate_momentum, "1",
                "the same with heavy-ball momentum");
}

void add_trajectory(const KernelResult& result, Record& record) {
  const KernelTrajectory& path = result.trajectory;
  const auto times = static_cast<std::int64_t>(path.times.size());
  if (!path.final_variance.empty()) {
    record.column("/kernel/ensemble_variance", path.final_variance, "test", "1",
                  "variance of a test output over an ensemble of networks, fully trained");
    record.scalar("/kernel/mean_ensemble_variance",
                  mean(path.final_variance, 0, path.final_variance.size()), "1",
                  "mean of ensemble_variance over test samples");
  }
  if (times == 0) return;
  record.column("/trajectory/time", path.times, "time", "1",
                "training time predicted by the kernel: of the flow, or steps of descent");
  record.column("/trajectory/train_loss", path.train_loss, "time", "1",
                "mean of half the squared distance to one-hot minus 1/classes");
  record.column("/trajectory/train_accuracy", path.train_accuracy, "time", "1", "on training data");
  record.column("/trajectory/test_loss", path.test_loss, "time", "1",
                "mean of half the squared distance to one-hot minus 1/classes");
  record.column("/trajectory/test_accuracy", path.test_accuracy, "time", "1", "on test data");
  record.arrays["/trajectory/predictions"] = Array{path.predictions,
                                                   {times, result.test, result.classes},
                                                   {"time", "test", "class"},
                                                   "1",
                                                   "test outputs at each time"};
  if (path.variance.empty()) return;
  const auto tests = static_cast<std::size_t>(result.test);
  std::vector<double> means;
  for (std::size_t k = 0; k < path.times.size(); ++k) {
    means.push_back(mean(path.variance, k * tests, tests));
  }
  record.column("/trajectory/mean_ensemble_variance", means, "time", "1",
                "mean over test samples of the variance over an ensemble of networks");
  record.arrays["/trajectory/ensemble_variance"] =
      Array{path.variance,
            {times, result.test},
            {"time", "test"},
            "1",
            "variance of a test output over an ensemble of networks"};
}

}  // namespace

Record kernel_record(const KernelResult& result, const KernelSettings& chosen,
                     const StudyHeader& header, const StudyContext& context,
                     const std::string& resolved, const std::string& data) {
  Record record;
  record.attributes = provenance_attributes(context.provenance);
  record.attributes["schema"] = std::string("thalweg/study");
  record.attributes["schema_version"] = std::int64_t{1};
  record.attributes["name"] = header.name;
  record.attributes["kind"] = header.kind;
  record.attributes["seed"] = header.seed;
  record.attributes["team_size"] = context.provenance.mpi_size;
  record.attributes["config"] = context.study_text;
  record.attributes["config_resolved"] = resolved;
  record.attributes["data"] = data;
  record.attributes["kernel"] = chosen.kernel.description();
  record.scalar("/kernel/test_accuracy", result.test_accuracy, "1",
                "fraction of test samples whose largest output is their class");
  record.scalar("/kernel/test_accuracy_error",
                std::sqrt(result.test_accuracy * (1.0 - result.test_accuracy) /
                          static_cast<double>(result.test)),
                "1", "binomial standard error of test_accuracy");
  record.scalar("/kernel/test_loss", result.test_loss, "1",
                "mean over test samples of half the squared distance to one-hot minus 1/classes");
  record.scalar("/kernel/residual", result.residual, "1",
                "Frobenius norm of (K + ridge I) alpha - Y over that of Y; K computed anew, or as "
                "assembled where its elements are costly");
  record.scalar("/kernel/ridge", result.ridge, "1", "what was added to the diagonal of K");
  record.scalar("/kernel/trace", result.trace, "1", "trace of K");
  record.arrays["/kernel/predictions"] = Array{result.predictions,
                                               {result.test, result.classes},
                                               {"test", "class"},
                                               "1",
                                               "kernel regression of one-hot minus 1/classes"};
  record.column("/kernel/labels", result.labels, "test", "1", "classes of the test samples");
  add_leave_one_out(result, record);
  add_iteration(result, record);
  add_spectrum(result, record);
  add_trajectory(result, record);
  record.scalar("/timing/assemble_s", result.assemble_s, "s", "Gram matrix, slowest rank");
  record.scalar("/timing/factor_s", result.factor_s, "s",
                "factorisation or eigendecomposition, slowest rank");
  record.scalar("/timing/solve_s", result.solve_s, "s", "solution, slowest rank");
  record.scalar("/timing/residual_s", result.residual_s, "s", "residual with tiles computed anew");
  record.scalar("/timing/predict_s", result.predict_s, "s", "test predictions, slowest rank");
  if (chosen.keep_gram) record.external_links["/gram"] = "gram.h5";
  return record;
}

void print_kernel_table(const KernelResult& result, const KernelSettings& chosen,
                        const std::string& folder) {
  fmt::print("{:<16}{}\n", "kernel", chosen.kernel.description());
  fmt::print("{:<16}{} train, {} test, {} classes\n", "samples", result.train, result.test,
             result.classes);
  fmt::print("{:<16}{:.4f} +- {:.4f}\n", "test accuracy", result.test_accuracy,
             std::sqrt(result.test_accuracy * (1.0 - result.test_accuracy) /
                       static_cast<double>(result.test)));
  fmt::print("{:<16}{:.6g}\n", "test loss", result.test_loss);
  fmt::print("{:<16}{:.3g}\n", "ridge", result.ridge);
  for (const RidgeTrial& trial : result.trials) {
    fmt::print("{:<16}ridge {:.3g}: error {:.6g}, accuracy {:.4f}{}\n", "leave one out",
               trial.ridge, trial.error, trial.accuracy,
               trial.ridge == result.ridge && result.trials.size() > 1 ? " (chosen)" : "");
  }
  fmt::print("{:<16}{:.3g}\n", "residual", result.residual);
  if (result.iterated) {
    fmt::print("{:<16}{} iterations{}\n", "cg", result.iterations,
               result.converged ? "" : ", NOT CONVERGED to the tolerance");
  }
  if (!result.eigenvalues.empty()) {
    fmt::print("{:<16}{:.4g} to {:.4g}, effective dimension {:.1f}\n", "eigenvalues",
               result.eigenvalues.front(), result.eigenvalues.back(), result.effective_dimension);
    fmt::print("{:<16}{:.4g} (with momentum {:.4g})\n", "largest rate", result.largest_rate,
               result.largest_rate_momentum);
  }
  const KernelTrajectory& path = result.trajectory;
  for (std::size_t k = 0; k < path.times.size(); ++k) {
    fmt::print("{:<16}train loss {:.4g}, test loss {:.4g}, test accuracy {:.4f}\n",
               fmt::format("t = {:g}", path.times[k]), path.train_loss[k], path.test_loss[k],
               path.test_accuracy[k]);
  }
  fmt::print("{:<16}Gram {:.2f}, factor {:.2f}, solve {:.2f}, residual {:.2f}, predict {:.2f}\n",
             "seconds", result.assemble_s, result.factor_s, result.solve_s, result.residual_s,
             result.predict_s);
  fmt::print("{:<16}{}\n", "record", (std::filesystem::path(folder) / "study.h5").string());
  std::fflush(stdout);
}

}  // namespace thalweg
