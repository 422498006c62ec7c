#include "kernels/regression_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace thalweg {

namespace {

void read_ridge(const Settings& table, RegressionOptions& options) {
  options.ridge.relative =
      table.choice("ridge_mode", {"relative", "absolute"}, "relative") == "relative";
  if (table.is_list("ridge")) {
    options.ridge_grid = table.numbers("ridge", {});
    if (options.ridge_grid.empty()) table.fail("ridge", "found an empty list");
    for (const double ridge : options.ridge_grid) {
      if (!(ridge >= 0.0) || !std::isfinite(ridge)) {
        table.fail("ridge", fmt::format("found {}, expected numbers of at least 0", ridge));
      }
    }
  } else {
    options.ridge.value = table.number_at_least("ridge", 0.0, options.ridge.value);
  }
  options.leave_one_out = table.boolean("leave_one_out", options.ridge_grid.size() > 1);
  if (options.ridge_grid.size() > 1 && !options.leave_one_out) {
    table.fail("leave_one_out",
               "found false, but a ridge is chosen from a list by leaving one out");
  }
  options.choice = table.choice("choice", {"loss", "accuracy"}, "loss") == "loss"
                       ? LeaveOneOutCriterion::squared_error
                       : LeaveOneOutCriterion::accuracy;
}

void read_iteration(const Settings& table, RegressionOptions& options) {
  options.tolerance = table.positive("tolerance", options.tolerance);
  options.max_iterations = table.integer_at_least("max_iterations", 1, options.max_iterations);
  const auto name = table.choice("preconditioner", {"none", "jacobi", "low_rank"}, "none");
  options.preconditioner = name == "none"     ? Preconditioner::none
                           : name == "jacobi" ? Preconditioner::jacobi
                                              : Preconditioner::low_rank;
  if (name == "low_rank") {
    options.preconditioner_rank =
        table.integer_at_least("preconditioner_rank", 1, options.preconditioner_rank);
  }
}

void read_trajectory(const Settings& table, RegressionOptions& options) {
  options.times = table.numbers("times", {});
  for (const double t : options.times) {
    if (!(t >= 0.0)) table.fail("times", fmt::format("found {}, expected at least 0", t));
  }
  if (!std::is_sorted(options.times.begin(), options.times.end())) {
    table.fail("times", "expected times in ascending order");
  }
  options.learning_rate = table.positive("learning_rate", options.learning_rate);
  options.momentum = table.number_at_least("rate_momentum", 0.0, options.momentum);
  if (options.momentum >= 1.0) table.fail("rate_momentum", "expected a number below 1");
  options.rule = table.choice("rule", {"flow", "descent"}, "flow") == "flow"
                     ? TrainingRule::flow
                     : TrainingRule::descent;
  for (const double t : options.times) {
    if (options.rule == TrainingRule::descent && t != std::floor(t)) {
      table.fail("times", fmt::format("found {}, but descent goes in whole steps", t));
    }
  }
  options.ensemble = table.boolean("ensemble", false);
}

}  // namespace

RegressionOptions regression_settings(const Settings& table) {
  RegressionOptions options;
  const auto method = table.choice("method", {"cholesky", "eigen", "cg"}, "cholesky");
  options.method = method == "eigen" ? RegressionMethod::eigen
                   : method == "cg"  ? RegressionMethod::cg
                                     : RegressionMethod::cholesky;
  read_ridge(table, options);
  if (method == "cg" && options.leave_one_out) {
    table.fail("method",
               R"(found "cg", but leaving one out needs a factor: "cholesky" or "eigen")");
  }
  read_iteration(table, options);
  if (method == "eigen") {
    read_trajectory(table, options);
  } else {
    for (const char* key : {"times", "learning_rate", "rate_momentum", "rule", "ensemble"}) {
      if (table.has(key)) table.fail(key, R"(needs method = "eigen")");
    }
  }
  return options;
}

}  // namespace thalweg
