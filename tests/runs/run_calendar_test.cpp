// How often a run does what, counted against its settings by hand.
#include "runs/run_calendar.hpp"

#include <gtest/gtest.h>

#include "studies/trajectories/probe_forecast.hpp"
#include "studies/trajectories/trajectory_settings.hpp"

namespace thalweg {
namespace {

RunSpec run_of(const std::string& train) {
  const auto settings =
      Settings::parse("[study]\nkind = \"trajectories\"\n[train]\nbatch = 30\n" + train +
                          "[[run]]\nname = \"a\"\n[[probe]]\ntype = \"norms\"\nevery_epochs = 2\n"
                          "[[probe]]\nname = \"often\"\ntype = \"norms\"\nevery_steps = 3\n"
                          "[[probe]]\nname = \"end\"\ntype = \"norms\"\n",
                      "study.toml");
  return read_trajectory_spec(settings, read_study_header(settings, "study.toml"), 1).runs.front();
}

// 100 samples in batches of 30: four steps an epoch.
TEST(RunCalendar, CountsEvaluationsProbesAndSnapshots) {
  const RunSpec run = run_of("epochs = 5\nsnapshot_every_epochs = 2\n");
  const Schedule schedule = schedule_of(run, 100);
  ASSERT_EQ(schedule.steps(), 20);
  const RunCounts counts = counts_of(run, schedule, schedule.steps());
  EXPECT_EQ(counts.evaluations, 6);  // the start and five epochs
  EXPECT_EQ(counts.snapshots, 4);    // after 0, 2 and 4 epochs, and the end
  // After 0, 2, 4 epochs and at the end; at 0, 3, …, 18 and the end; at the end.
  EXPECT_EQ(counts.probes, (std::vector<std::int64_t>{4, 8, 1}));
}

TEST(RunCalendar, AnEndThatIsDueAnywayCountsOnce) {
  const RunSpec run = run_of("steps = 12\nevaluate_every = 4\nsnapshot_every_steps = 6\n");
  const Schedule schedule = schedule_of(run, 100);
  const RunCounts counts = counts_of(run, schedule, schedule.steps());
  EXPECT_EQ(counts.evaluations, 4);
  EXPECT_EQ(counts.snapshots, 3);
  EXPECT_EQ(counts.probes[1], 5);
}

TEST(RunCalendar, ARunThatReachesItsTargetEndsThere) {
  const RunSpec run = run_of("epochs = 5\ntarget_loss = 0.1\n");
  const Schedule schedule = schedule_of(run, 100);
  const RunCounts counts = counts_of(run, schedule, 8);
  EXPECT_EQ(counts.steps, 8);
  EXPECT_EQ(counts.evaluations, 3);
  EXPECT_TRUE(reaches_target(run.train, 0.1, 0.0));
  EXPECT_FALSE(reaches_target(run.train, 0.11, 1.0));
}

/// What probe_due says of every step, the end added.
std::vector<std::int64_t> asked_of_every_step(const ProbeSpec& probe, const Schedule& schedule) {
  std::vector<std::int64_t> steps;
  for (std::int64_t step = 0; step <= schedule.steps(); ++step) {
    if (step == schedule.steps() || probe_due(probe, schedule, step)) steps.push_back(step);
  }
  return steps;
}

// Evaluations every seven steps meet an epoch's beginning at 0 and 28 alone: a probe does not wait
// for them.
TEST(RunCalendar, AProbesEpochsAreItsOwnWhereverTheLossesAreEvaluated) {
  for (const char* evaluations : {"", "evaluate_every = 7\n", "evaluate_every = 1000\n"}) {
    const RunSpec run = run_of(std::string("epochs = 10\n") + evaluations);
    const Schedule schedule = schedule_of(run, 100);
    EXPECT_EQ(asked_of_every_step(run.probes[0], schedule),
              (std::vector<std::int64_t>{0, 8, 16, 24, 32, 40}))
        << evaluations;
    EXPECT_EQ(counts_of(run, schedule, schedule.steps()).probes[0], 6) << evaluations;
  }
}

TEST(RunCalendar, ForetoldStepsAreThoseThatAreDue) {
  // Growing batches, a run that ends within an epoch, one without a step, dropped last batches.
  for (const char* train :
       {"epochs = 5\n", "epochs = 0\n", "steps = 1\n", "steps = 18\n",
        "epochs = 7\ndrop_last = true\n",
        "epochs = 6\n[schedule]\nbatch_epochs = [2, 3]\nbatch_sizes = [50, 100]\n"}) {
    RunSpec run = run_of(train);
    const Schedule schedule = schedule_of(run, 100);
    run.probes[2].every_epochs = 2;
    run.probes[2].every_steps = 3;
    const RunCounts counts = counts_of(run, schedule, schedule.steps());
    for (std::size_t k = 0; k < run.probes.size(); ++k) {
      const auto steps = probe_steps(run.probes[k], schedule);
      EXPECT_EQ(steps, asked_of_every_step(run.probes[k], schedule)) << train << k;
      EXPECT_EQ(static_cast<std::int64_t>(steps.size()), counts.probes[k]) << train << k;
    }
  }
}

TEST(RunCalendar, ADryRunSaysHowOftenEachProbeMeasures) {
  const std::vector<RunSpec> runs{run_of("epochs = 10\nevaluate_every = 7\n")};
  EXPECT_EQ(probe_forecast(runs, 100),
            (std::vector<std::string>{"norms of every run: 6 times, at steps 0, 8, 16, 24, 32, 40",
                                      "often of every run: 15 times, at steps 0, 3, 6, …, 40",
                                      "end of every run: once, at step 40"}));
  // Without the number of samples, what does not depend on it.
  EXPECT_EQ(
      probe_forecast(runs, std::nullopt),
      (std::vector<std::string>{
          "norms of every run: 6 times, after every 2 epochs, from the start on, and at the end",
          "often of every run: after every 3 steps, from the start on, and at the end",
          "end of every run: once, at the end"}));
  const std::vector<RunSpec> stopping{run_of("steps = 6\ntarget_loss = 0.1\n")};
  EXPECT_EQ(probe_forecast(stopping, std::nullopt)[1],
            "often of every run: at most 3 times, at steps 0, 3, 6");
}

}  // namespace
}  // namespace thalweg
