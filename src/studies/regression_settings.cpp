#include "studies/regression_settings.hpp"

#include <cmath>

namespace thalweg {

namespace {

void read_ridges(const Settings& table, RegressionOptions& options) {
  options.ridge.relative =
      table.choice("ridge_mode", {"relative", "absolute"}, "relative") == "relative";
  if (!table.has("ridge_grid")) {
    options.ridge.value = table.number_at_least("ridge", 0.0, 1e-6);
    options.leave_one_out = table.boolean("leave_one_out", false);
    return;
  }
  if (table.has("ridge")) table.fail("ridge", "give either ridge or ridge_grid, not both");
  options.ridge_grid = table.numbers("ridge_grid", {});
  if (options.ridge_grid.empty()) table.fail("ridge_grid", "found no ridge, expected at least one");
  for (const double value : options.ridge_grid) {
    if (!(value >= 0.0) || !std::isfinite(value)) {
      table.fail("ridge_grid", "expected finite numbers of at least 0");
    }
  }
  options.ridge.value = options.ridge_grid.front();
  options.leave_one_out = true;
  options.choice = table.choice("choose_by", {"loss", "accuracy"}, "loss") == "loss"
                       ? LeaveOneOutCriterion::squared_error
                       : LeaveOneOutCriterion::accuracy;
}

void read_iteration(const Settings& table, RegressionOptions& options) {
  options.tolerance = table.positive("tolerance", options.tolerance);
  options.max_iterations = table.integer_at_least("max_iterations", 1, options.max_iterations);
}

void read_training(const Settings& table, RegressionOptions& options) {
  options.times = table.numbers("times", {});
  options.learning_rate = table.positive("learning_rate", options.learning_rate);
  options.rule = table.choice("rule", {"flow", "descent"}, "flow") == "flow"
                     ? TrainingRule::flow
                     : TrainingRule::descent;
  for (const double t : options.times) {
    if (!(t >= 0.0)) table.fail("times", "expected numbers of at least 0");
    if (options.rule == TrainingRule::descent && std::isfinite(t) && t != std::floor(t)) {
      table.fail("times", "with rule = \"descent\" times are whole numbers of steps");
    }
  }
  options.momentum = table.number_at_least("momentum", 0.0, options.momentum);
  if (options.momentum >= 1.0) table.fail("momentum", "expected a number in [0, 1)");
  options.ensemble = table.boolean("ensemble", false);
}

}  // namespace

RegressionOptions regression_options(const Settings& study, bool mixed) {
  const Settings table = study.table("regression");
  RegressionOptions options;
  read_ridges(table, options);
  const std::string method = table.choice("method", {"cholesky", "eigen", "cg"}, "cholesky");
  if (method == "eigen") {
    options.method = RegressionMethod::eigen;
    read_training(table, options);
  } else if (method == "cg") {
    options.method = RegressionMethod::cg;
    read_iteration(table, options);
    const std::string name =
        table.choice("preconditioner", {"none", "jacobi", "low_rank"}, "low_rank");
    options.preconditioner = name == "none"     ? Preconditioner::none
                             : name == "jacobi" ? Preconditioner::jacobi
                                                : Preconditioner::low_rank;
    if (options.preconditioner == Preconditioner::low_rank) {
      options.preconditioner_rank =
          table.integer_at_least("preconditioner_rank", 1, options.preconditioner_rank);
    }
  } else if (mixed) {
    read_iteration(table, options);
  }
  if (mixed && options.method != RegressionMethod::cholesky) {
    table.fail("method",
               "[kernel] precision = \"mixed\" is solved by \"cholesky\"; choose \"float64\" for "
               "another method");
  }
  const bool left_out = options.leave_one_out;
  if (left_out && (mixed || options.method == RegressionMethod::cg)) {
    table.fail(table.has("ridge_grid") ? "ridge_grid" : "leave_one_out",
               "leave-one-out needs a factorisation in one precision: method \"cholesky\" or "
               "\"eigen\" in \"float64\" or \"float32\"");
  }
  return options;
}

}  // namespace thalweg
