#include "studies/kernel/kernel_record.hpp"

#include <fmt/format.h>

#include <cmath>

namespace thalweg {

namespace {

double accuracy_error(const KernelResult& result) {
  return std::sqrt(result.test_accuracy * (1.0 - result.test_accuracy) /
                   static_cast<double>(result.test));
}

void add_trials(const KernelResult& result, Record& record) {
  if (result.trials.empty()) return;
  std::vector<double> ridges;
  std::vector<double> errors;
  std::vector<double> accuracies;
  for (const RidgeTrial& trial : result.trials) {
    ridges.push_back(trial.ridge);
    errors.push_back(trial.error);
    accuracies.push_back(trial.accuracy);
  }
  record.column("/kernel/ridge_grid", ridges, "ridge_grid", "1", "ridges tried, as added to K");
  record.column("/kernel/loo", errors, "ridge_grid", "1",
                "mean over training samples of half the squared leave-one-out error");
  record.column("/kernel/loo_accuracy", accuracies, "ridge_grid", "1",
                "fraction of training samples that the others predict");
}

void add_iterations(const KernelResult& result, Record& record) {
  if (!result.iterated) return;
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < result.history.size(); ++i)
    numbers.push_back(static_cast<std::int64_t>(i));
  record.column("/kernel/iteration", numbers, "iteration", "1", "of conjugate gradient");
  record.column("/kernel/residual_history", result.history, "iteration", "1",
                "largest relative residual of a column");
  record.scalar("/kernel/converged", result.converged ? 1.0 : 0.0, "1",
                "1 where conjugate gradient reached its tolerance");
  record.scalar("/kernel/preconditioner_shift", result.preconditioner_shift, "1",
                "added to the diagonal of the float32 factor alone");
}

void add_spectrum(const KernelResult& result, Record& record) {
  if (result.eigenvalues.empty()) return;
  record.column("/kernel/eigenvalues", result.eigenvalues, "eigenvalue", "1",
                "of K, in ascending order");
  record.scalar("/kernel/effective_dimension", result.effective_dimension, "1",
                "sum of lambda / (lambda + ridge) over the eigenvalues");
  record.scalar("/kernel/largest_rate", result.largest_rate, "1",
                "2 n / lambda_max: the largest stable rate of gradient descent");
  record.scalar("/kernel/largest_rate_momentum", result.largest_rate_momentum, "1",
                "2 (1 + rate_momentum) n / lambda_max: the same with heavy-ball momentum, which "
                "nothing else here has");
}

void add_trajectory(const KernelResult& result, Record& record) {
  const KernelTrajectory& path = result.trajectory;
  const auto times = static_cast<std::int64_t>(path.times.size());
  if (times > 0) {
    record.column("/predicted/time", path.times, "time", "1",
                  "of training: gradient flow's time or descent's steps");
    record.column("/predicted/train_loss", path.train_loss, "time", "1",
                  "mean of half the squared distance to the targets");
    record.column("/predicted/train_accuracy", path.train_accuracy, "time", "1",
                  "fraction of training samples");
    record.column("/predicted/test_loss", path.test_loss, "time", "1",
                  "mean of half the squared distance to the targets");
    record.column("/predicted/test_accuracy", path.test_accuracy, "time", "1",
                  "fraction of test samples");
    record.arrays["/predicted/predictions"] =
        Array{path.predictions,
              {times, result.test, result.classes},
              {"time", "test", "class"},
              "1",
              "outputs on the test samples, from outputs 0, without a ridge"};
    if (!path.variance.empty()) {
      record.arrays["/predicted/variance"] =
          Array{path.variance,
                {times, result.test},
                {"time", "test"},
                "1",
                "variance over an ensemble of networks, trained without a ridge"};
    }
  }
  if (!path.final_variance.empty()) {
    record.column("/kernel/ensemble_variance", path.final_variance, "test", "1",
                  "variance over an ensemble of networks of the predictions, with their ridge");
  }
}

}  // namespace

Record kernel_record(const KernelResult& result) {
  Record record;
  record.scalar("/kernel/test_accuracy", result.test_accuracy, "1",
                "fraction of test samples whose largest output is their class");
  record.scalar("/kernel/test_accuracy_error", accuracy_error(result), "1",
                "binomial standard error of test_accuracy");
  record.scalar("/kernel/test_loss", result.test_loss, "1",
                "mean over test samples of half the squared distance to one-hot minus 1/classes");
  record.scalar(
      "/kernel/residual", result.residual, "1",
      "Frobenius norm of (K + ridge I) alpha - Y over that of Y; K computed anew, but for "
      "costly kernels");
  record.scalar("/kernel/ridge", result.ridge, "1", "what was added to the diagonal of K");
  record.scalar("/kernel/trace", result.trace, "1", "trace of K");
  record.arrays["/kernel/predictions"] = Array{result.predictions,
                                               {result.test, result.classes},
                                               {"test", "class"},
                                               "1",
                                               "kernel regression of one-hot minus 1/classes"};
  record.column("/kernel/labels", result.labels, "test", "1", "classes of the test samples");
  add_trials(result, record);
  add_iterations(result, record);
  add_spectrum(result, record);
  add_trajectory(result, record);
  record.scalar("/timing/assemble_s", result.assemble_s, "s", "Gram matrix, slowest rank");
  record.scalar("/timing/factor_s", result.factor_s, "s", "factorisation, slowest rank");
  record.scalar("/timing/solve_s", result.solve_s, "s", "solution, slowest rank");
  record.scalar("/timing/residual_s", result.residual_s, "s", "residual, slowest rank");
  record.scalar("/timing/predict_s", result.predict_s, "s", "test predictions, slowest rank");
  record.scalar("/timing/imbalance_owned", result.balance.owners, "1",
                "longest over mean work, had every rank computed the tiles it owns");
  record.scalar("/timing/imbalance_planned", result.balance.workers, "1", "the same as evened out");
  record.scalar("/timing/busy_longest_s", result.balance.busy_longest_s, "s",
                "in tiles, the busiest rank");
  record.scalar("/timing/busy_mean_s", result.balance.busy_mean_s, "s", "in tiles, mean of ranks");
  return record;
}

std::string kernel_table(const KernelResult& result, const std::string& kernel) {
  std::string table;
  const auto line = [&](const char* name, const std::string& value) {
    table += fmt::format("{:<20}{}\n", name, value);
  };
  line("kernel", kernel);
  line("samples",
       fmt::format("{} train, {} test, {} classes", result.train, result.test, result.classes));
  line("test accuracy", fmt::format("{:.4f} +- {:.4f} (binomial standard error)",
                                    result.test_accuracy, accuracy_error(result)));
  line("test loss", fmt::format("{:.6g}", result.test_loss));
  line("ridge", fmt::format("{:.3g}", result.ridge));
  for (const RidgeTrial& trial : result.trials) {
    line(trial.ridge == result.ridge ? "  left out, chosen" : "  left out",
         fmt::format("ridge {:.3g}: error {:.5g}, accuracy {:.4f}", trial.ridge, trial.error,
                     trial.accuracy));
  }
  line("residual", fmt::format("{:.3g}", result.residual));
  if (result.iterated) {
    line("iterations", fmt::format("{}{}", result.iterations,
                                   result.converged ? "" : ", NOT CONVERGED to the tolerance"));
  }
  if (!result.eigenvalues.empty()) {
    line("eigenvalues",
         fmt::format("{:.4g} to {:.4g}, effective dimension {:.4g}", result.eigenvalues.front(),
                     result.eigenvalues.back(), result.effective_dimension));
    line("largest rate", fmt::format("{:.4g}, with momentum {:.4g}", result.largest_rate,
                                     result.largest_rate_momentum));
  }
  const KernelTrajectory& path = result.trajectory;
  for (std::size_t k = 0; k < path.times.size(); ++k) {
    line(k == 0 ? "predicted training" : "",
         fmt::format("t = {:<9.4g} train loss {:.5g}, test loss {:.5g}, test accuracy {:.4f}",
                     path.times[k], path.train_loss[k], path.test_loss[k], path.test_accuracy[k]));
  }
  line("seconds", fmt::format("Gram {:.2f}, factor {:.2f}, solve {:.2f}, residual {:.2f}, predict "
                              "{:.2f}",
                              result.assemble_s, result.factor_s, result.solve_s, result.residual_s,
                              result.predict_s));
  return table;
}

}  // namespace thalweg
