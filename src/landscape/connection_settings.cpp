#include "landscape/connection_settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "optimizers/optimizer_settings.hpp"
#include "runs/run_choice.hpp"

namespace thalweg {

namespace {

const std::vector<std::string>& curve_names() {
  static const std::vector<std::string> names{"line", "arc", "bezier", "chain"};
  return names;
}

CurveTraining read_training(const Settings& table) {
  CurveTraining training;
  if (table.has("steps")) {
    training.steps = table.integer_at_least("steps", 1, 1);
    if (table.has("epochs")) {
      table.fail("steps", "epochs already says how long a curve is trained; leave one out");
    }
  } else {
    training.epochs = table.integer_at_least("epochs", 1, training.epochs);
  }
  training.batch = table.integer_at_least("batch", 0, 0);
  if (training.batch == 1) table.fail("batch", "found 1, expected 0 (the run's) or at least 2");
  training.optimizer = optimizer_settings(table.table("optimizer"), training.learning_rate);
  if (training.optimizer.is_flow()) {
    table.table("optimizer")
        .fail("type",
              "found \"flow\", expected steps: each is for a point of the curve drawn anew");
  }
  constexpr std::int64_t least_batch = 2;
  training.schedule = schedule_settings(table.table("schedule"), least_batch);
  training.checkpoint_every_s = table.positive("checkpoint_every_s", training.checkpoint_every_s);
  return training;
}

ConnectionSpec read_plan(const Settings& table, std::uint64_t study_seed) {
  ConnectionSpec plan;
  const auto curve = table.choice("curve", curve_names(), "line");
  plan.curve = static_cast<CurveKind>(std::find(curve_names().begin(), curve_names().end(), curve) -
                                      curve_names().begin());
  plan.aligned = table.choice("align", {"none", "weights"}, "none") == "weights";
  plan.permuted_copy = table.boolean("permuted_copy", false);
  plan.points = table.integer_at_least("points", 2, plan.points);
  constexpr std::int64_t most_points = 1000000;
  if (plan.points > most_points) {
    table.fail("points", fmt::format("found {}, expected at most {}", plan.points, most_points));
  }
  const bool bent = plan.curve == CurveKind::bezier || plan.curve == CurveKind::chain;
  plan.seed = study_seed;
  if (bent || plan.aligned || plan.permuted_copy) {
    plan.seed = static_cast<std::uint64_t>(
        table.integer_at_least("seed", 0, static_cast<std::int64_t>(study_seed)));
  }
  if (bent) {
    constexpr std::int64_t most = 20;
    plan.bends = table.integer_at_least("bends", 1, 1);
    if (plan.bends > most) {
      table.fail("bends", fmt::format("found {}, expected at most {}", plan.bends, most));
    }
    plan.training = read_training(table);
  }
  return plan;
}

}  // namespace

std::string name_of(CurveKind curve) {
  return curve_names()[static_cast<std::size_t>(curve)];
}

std::vector<ConnectionSpec> read_connection_specs(const Settings& settings,
                                                  const std::vector<RunSpec>& runs,
                                                  std::uint64_t study_seed) {
  std::vector<ConnectionSpec> plans;
  ChosenNames names;
  for (const auto& table : settings.tables("connection")) {
    ConnectionSpec plan = read_plan(table, study_seed);
    const auto between = table.strings("between", {});
    const std::size_t expected = plan.permuted_copy ? 1 : 2;
    if (between.size() != expected) {
      table.fail("between",
                 fmt::format("found {} names, expected {}", between.size(),
                             plan.permuted_copy ? "the one run or group whose copy is permuted"
                                                : "two runs or groups of runs"));
    }
    for (const auto& choice : choose_runs(table, "between", between, runs)) {
      plan.name = names.take(table, "path", choice.suffix);
      plan.from = choice.runs.front();
      plan.to = choice.runs.back();
      plans.push_back(plan);
    }
  }
  return plans;
}

}  // namespace thalweg
