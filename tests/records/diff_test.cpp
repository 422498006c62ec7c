#include "records/diff.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <limits>

#include "base/error.hpp"
#include "records/configuration_text.hpp"
#include "records/sample_record.hpp"
#include "support/scratch.hpp"

namespace thalweg {
namespace {

using testing_support::Scratch;
using testing_support::sound_run;
using Kind = Difference::Kind;

/// The differences of the sample and the sample after `change`.
std::vector<Difference> after(const std::function<void(Record&)>& change) {
  const Scratch scratch;
  Record record = sound_run();
  write_record(scratch.file("a.h5"), record);
  change(record);
  write_record(scratch.file("b.h5"), record);
  return diff_records(scratch.file("a.h5"), scratch.file("b.h5"));
}

void expect_one(const std::vector<Difference>& found, Kind kind, const std::string& path,
                const std::string& what) {
  EXPECT_EQ(found.size(), 1U);
  if (found.size() != 1U) return;
  EXPECT_EQ(found[0].kind, kind);
  EXPECT_EQ(found[0].path, path);
  EXPECT_NE(found[0].what.find(what), std::string::npos) << found[0].what;
  EXPECT_EQ(differ_in_content(found), kind == Kind::content);
}

std::vector<double>& loss_of(Record& record) {
  return std::get<std::vector<double>>(record.arrays.at("/trajectory/train_loss").values);
}

TEST(Diff, SameRecordsHaveNoDifference) {
  EXPECT_TRUE(after([](Record&) {}).empty());
}

TEST(Diff, EachPlantedFaultIsFound) {
  expect_one(after([](Record& r) { loss_of(r)[1] += 1e-16; }), Kind::content,
             "/trajectory/train_loss",
             "1 of 3 values differ, largest difference 9.71e-17; the first at 1: 0.1 and "
             "0.1000000000000001");
  expect_one(after([](Record& r) { r.arrays.erase("/trajectory/train_loss"); }), Kind::content,
             "/trajectory/train_loss", "missing in the second");
  expect_one(after([](Record& r) { r.attributes["seed"] = std::int64_t{8}; }), Kind::content,
             "/ attribute seed", "-7 and 8");
  expect_one(
      after([](Record& r) { r.group_attributes["/probes/line"]["points"] = std::int64_t{4}; }),
      Kind::content, "/probes/line attribute points", "3 and 4");
  expect_one(after([](Record& r) { r.arrays.at("/probes/sharpness/value").units = "m"; }),
             Kind::content, "/probes/sharpness/value attribute units", "\"percent\" and \"m\"");
  expect_one(after([](Record& r) {
               r.arrays.at("/parameters/done").values = std::vector<std::uint8_t>{1, 1};
             }),
             Kind::content, "/parameters/done", "1 of 2");
  expect_one(after([](Record& r) {
               r.arrays.at("/trajectory/train_loss").values = std::vector<float>{1, 2, 3};
             }),
             Kind::content, "/trajectory/train_loss", "types");
  expect_one(after([](Record& r) {
               r.column("/summary/run", std::vector<std::string>{"a"}, "run", "1", "run");
             }),
             Kind::content, "/summary/run", "shape 3 and 1");
  expect_one(after([](Record& r) { r.external_links["/a"] = "a.h5"; }), Kind::content, "/a",
             "missing in the first");
}

TEST(Diff, TimingsAndProvenanceAreApart) {
  expect_one(after([](Record& r) {
               r.arrays.at("/trajectory/elapsed_s").values = std::vector<double>{0, 1, 3};
             }),
             Kind::timing, "/trajectory/elapsed_s", "largest difference 1;");
  expect_one(after([](Record& r) { r.attributes["mpi_size"] = std::int64_t{4}; }), Kind::provenance,
             "/ attribute mpi_size", "1 and 4");
  expect_one(after([](Record& r) { r.attributes["SLURM_JOB_ID"] = std::string("7"); }),
             Kind::provenance, "/ attribute SLURM_JOB_ID", "missing in the first");
  expect_one(after([](Record& r) { r.attributes["team_size"] = std::int64_t{4}; }),
             Kind::provenance, "/ attribute team_size", "missing");
}

TEST(Diff, NanEqualsItselfAndDiffersFromNumbers) {
  const Scratch scratch;
  Record record = sound_run();
  loss_of(record)[0] = std::numeric_limits<double>::quiet_NaN();
  write_record(scratch.file("a.h5"), record);
  write_record(scratch.file("b.h5"), record);
  EXPECT_TRUE(diff_records(scratch.file("a.h5"), scratch.file("b.h5")).empty());
  loss_of(record)[0] = 2.0;
  write_record(scratch.file("b.h5"), record);
  expect_one(diff_records(scratch.file("a.h5"), scratch.file("b.h5")), Kind::content,
             "/trajectory/train_loss", "largest difference inf");
}

TEST(Diff, FoldersAreComparedFileByFile) {
  const Scratch scratch;
  Record record = sound_run();
  for (const char* name :
       {"a/study.h5", "b/study.h5", "a/runs/x.h5", "b/runs/x.h5", "a/runs/only.h5"}) {
    write_record(scratch.file(name), record);
  }
  expect_one(diff_records(scratch.file("a"), scratch.file("b")), Kind::content, "",
             "missing in the second");
  std::filesystem::remove(scratch.file("a/runs/only.h5"));
  EXPECT_TRUE(diff_records(scratch.file("a"), scratch.file("b")).empty());
  loss_of(record)[2] = 7.0;
  write_record(scratch.file("b/runs/x.h5"), record);
  const auto found = diff_records(scratch.file("a"), scratch.file("b"));
  expect_one(found, Kind::content, "/trajectory/train_loss", "the first at 2");
  EXPECT_EQ(found.at(0).file, "runs/x.h5");
  EXPECT_THROW((void)diff_records(scratch.file("a"), scratch.file("a/study.h5")), Error);
  EXPECT_THROW((void)diff_records(scratch.file("a"), scratch.file("absent")), Error);
}

TEST(Diff, ConfigurationsAreComparedKeyByKey) {
  const std::string a =
      "[study]\nseed = 1\n\n[train]\nbatch = 8\nonly_here = true\n\n[[run]]\nname = "
      "\"x\"\n\n[run.optimizer]\nrate = 0.5\n";
  const std::string b =
      "[study]\nseed = 1\n\n[train]\nbatch = 16\n\n[[run]]\nname = \"x\"\n\n[run.optimizer]\nrate "
      "= 0.25\n\n[[run]]\nname = \"y\"\n";
  EXPECT_EQ(
      configuration_differences(a, b),
      (std::vector<std::string>{
          "[train] batch: 8 and 16", "[train] only_here: true, missing in the second",
          "[run.optimizer] 0 rate: 0.5 and 0.25", "[[run]] 1 itself: missing in the first, present",
          "[[run]] 1 name: missing in the first, \"y\""}));
  EXPECT_TRUE(configuration_differences(a, a).empty());
  EXPECT_TRUE(configuration_differences("", "").empty());
}

}  // namespace
}  // namespace thalweg
