#include "studies/trajectories/trajectory_settings.hpp"

#include "data/data_settings.hpp"
#include "runs/run_check.hpp"
#include "runs/train_settings.hpp"

namespace thalweg {

namespace {

/// What need not wait for the data, where [data] says how many samples there are.
void check_study_before_data(const TrajectorySpec& plan) {
  const std::int64_t train = plan.data.train;
  for (const auto& run : plan.runs) check_before_data(run, plan.wide, train, plan.data.test);
  if (plan.tune) {
    for (const auto& trial : trials_of(*plan.tune, plan.runs)) {
      check_before_data(trial.plan, plan.wide, train, plan.data.test);
    }
  }
  for (const auto& surface : plan.landscape.surfaces) {
    check_surface(surface, run_named(plan.runs, surface.run), train);
  }
}

}  // namespace

TrajectorySpec read_trajectory_spec(const Settings& settings, const StudyHeader& header,
                                    std::int64_t ranks) {
  TrajectorySpec plan;
  plan.header = header;
  check_team_size(settings, header, ranks);
  if (settings.has("objective")) {
    settings.fail("objective",
                  "only `run` of kind \"trajectories\" takes one; plans, surfaces and connections "
                  "need a network");
  }
  const auto seed = static_cast<std::uint64_t>(header.seed);
  plan.data = data_options(settings.table("data"), seed);
  plan.runs = read_run_specs(settings, seed);
  plan.tune = read_tune(settings, seed, plan.runs);
  plan.landscape = read_landscape_specs(settings, plan.runs, seed);
  plan.correlation = read_correlation(settings, seed, plan.runs);
  plan.part = read_study_part(settings, plan.runs.size());
  if (!plan.part.is_whole()) {
    // What needs all runs is computed once the parts are merged.
    plan.runs = plan.part.of(plan.runs);
    plan.landscape = {};
    plan.correlation.reset();
  }
  plan.wide = is_wide(settings.table("train"));
  check_study_before_data(plan);
  for (const auto& run : settings.tables("run")) {
    if (run.table("train").has("precision")) {
      run.table("train").fail(
          "precision", "belongs to the whole study, under [train]: its runs share one data set");
    }
  }
  return plan;
}

double dealing_cost(const RunSpec& run, std::int64_t samples) {
  constexpr double step_tax = 30.0;
  // A flow makes an integrator's step of seven stages at least.
  const double passes = run.optimizer.is_flow()                   ? 7.0
                        : run.optimizer.sharpness_aware == "none" ? 1.0
                                                                  : 2.0;
  const Schedule schedule = schedule_of(run, samples);
  const auto steps = static_cast<double>(schedule.steps());
  const double epochs = schedule.at(schedule.steps()).epochs_done;
  return passes * (epochs * static_cast<double>(samples) + steps * step_tax);
}

}  // namespace thalweg
