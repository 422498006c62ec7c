#include "runs/snapshots.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "support/scratch.hpp"

namespace thalweg {
namespace {

TEST(Snapshots, LieByRunAndStep) {
  EXPECT_EQ(snapshot_file("out", "a-seed1", 42), "out/snapshots/a-seed1/step-000000042.h5");
  EXPECT_EQ(snapshot_file("out", "a", 12345678901), "out/snapshots/a/step-12345678901.h5");
}

TEST(Snapshots, ComeBackBitForBitInTheirOwnPrecision) {
  const testing_support::Scratch scratch;
  const auto path = snapshot_file(scratch.path(), "a", 7);
  write_snapshot(path, Snapshot<float>{7, 0.5, {0.1F, -0.0F, 3e-45F}, {0.1, 1e-300}},
                 {{"run", std::string("a")}});
  const auto read = read_snapshot<float>(path);
  EXPECT_EQ(read.step, 7);
  EXPECT_EQ(read.epoch, 0.5);
  EXPECT_EQ(read.parameters, (std::vector<float>{0.1F, -0.0F, 3e-45F}));
  EXPECT_EQ(read.statistics, (std::vector<double>{0.1, 1e-300}));
  EXPECT_THROW(read_snapshot<double>(path), Error);
  EXPECT_THROW(read_snapshot<float>(snapshot_file(scratch.path(), "a", 8)), Error);
}

TEST(Snapshots, OtherFilesAreNoSnapshots) {
  const testing_support::Scratch scratch;
  Record record;
  record.attributes["schema"] = "thalweg/run";
  write_record(scratch.file("run.h5"), record);
  EXPECT_THROW(read_snapshot<float>(scratch.file("run.h5")), Error);
}

TEST(Snapshots, ARunListsTheirSteps) {
  Record run;
  EXPECT_TRUE(snapshot_steps(run).empty());
  list_snapshots(run, {0, 5, 9});
  EXPECT_EQ(snapshot_steps(run), (std::vector<std::int64_t>{0, 5, 9}));
}

}  // namespace
}  // namespace thalweg
