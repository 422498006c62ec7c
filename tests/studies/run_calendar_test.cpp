// How often a run does what, counted against its settings by hand.
#include "studies/run_calendar.hpp"

#include <gtest/gtest.h>

#include "studies/trajectory_plan.hpp"

namespace thalweg {
namespace {

RunPlan run_of(const std::string& train) {
  const auto settings =
      Settings::parse("[study]\nkind = \"trajectories\"\n[train]\nbatch = 30\n" + train +
                          "[[run]]\nname = \"a\"\n[[probe]]\ntype = \"norms\"\nevery_epochs = 2\n"
                          "[[probe]]\nname = \"often\"\ntype = \"norms\"\nevery_steps = 3\n"
                          "[[probe]]\nname = \"end\"\ntype = \"norms\"\n",
                      "study.toml");
  return read_trajectory_plan(settings, read_study_header(settings, "study.toml"), 1).runs.front();
}

// 100 samples in batches of 30: four steps an epoch.
TEST(RunCalendar, CountsEvaluationsProbesAndSnapshots) {
  const RunPlan run = run_of("epochs = 5\nsnapshot_every_epochs = 2\n");
  const Schedule schedule = schedule_of(run, 100);
  ASSERT_EQ(schedule.steps(), 20);
  const RunCounts counts = counts_of(run, schedule, schedule.steps());
  EXPECT_EQ(counts.evaluations, 6);  // the start and five epochs
  EXPECT_EQ(counts.snapshots, 4);    // after 0, 2 and 4 epochs, and the end
  // After 0, 2, 4 epochs and at the end; at 0, 3, …, 18 and the end; at the end.
  EXPECT_EQ(counts.probes, (std::vector<std::int64_t>{4, 8, 1}));
}

TEST(RunCalendar, AnEndThatIsDueAnywayCountsOnce) {
  const RunPlan run = run_of("steps = 12\nevaluate_every = 4\nsnapshot_every_steps = 6\n");
  const Schedule schedule = schedule_of(run, 100);
  const RunCounts counts = counts_of(run, schedule, schedule.steps());
  EXPECT_EQ(counts.evaluations, 4);
  EXPECT_EQ(counts.snapshots, 3);
  EXPECT_EQ(counts.probes[1], 5);
}

TEST(RunCalendar, ARunThatReachesItsTargetEndsThere) {
  const RunPlan run = run_of("epochs = 5\ntarget_loss = 0.1\n");
  const Schedule schedule = schedule_of(run, 100);
  const RunCounts counts = counts_of(run, schedule, 8);
  EXPECT_EQ(counts.steps, 8);
  EXPECT_EQ(counts.evaluations, 3);
  EXPECT_TRUE(reaches_target(run.train, 0.1, 0.0));
  EXPECT_FALSE(reaches_target(run.train, 0.11, 1.0));
}

}  // namespace
}  // namespace thalweg
