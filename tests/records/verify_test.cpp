#include "records/verify.hpp"

#include <gtest/gtest.h>
#include <hdf5.h>

#include <filesystem>
#include <functional>
#include <limits>

#include "records/file_seal.hpp"
#include "records/hdf5_handle.hpp"
#include "records/sample_record.hpp"
#include "records/schema.hpp"
#include "support/scratch.hpp"

namespace thalweg {
namespace {

using testing_support::Scratch;
using testing_support::sound_run;

std::string joined(const std::vector<std::string>& faults) {
  std::string text;
  for (const auto& fault : faults) text.append(fault).append("\n");
  return text;
}

/// Faults of the sample after `change`.
std::string after(const std::function<void(Record&)>& change) {
  const Scratch scratch;
  Record record = sound_run();
  change(record);
  write_record(scratch.file("run.h5"), record);
  return joined(verify_record(scratch.file("run.h5")));
}

void expect_part(const std::string& faults, const std::string& part) {
  EXPECT_NE(faults.find(part), std::string::npos) << "\"" << part << "\" is not in: " << faults;
}

void expect_one(const std::string& faults, const std::string& part) {
  expect_part(faults, part);
  EXPECT_EQ(faults.find('\n'), faults.size() - 1) << "more than one fault: " << faults;
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void plant_nan(Record& record) {
  std::get<std::vector<double>>(record.arrays.at("/trajectory/train_loss").values)[1] = kNan;
}

TEST(Verify, ASoundRecordHasNoFaults) {
  EXPECT_EQ(after([](Record&) {}), "");
}

TEST(Verify, EachPlantedFaultIsFound) {
  expect_one(after([](Record& r) { r.attributes.erase("schema_version"); }),
             "no root attribute schema_version");
  expect_one(after([](Record& r) { r.attributes["schema_version"] = std::int64_t{99}; }),
             "schema_version is not 1");
  expect_one(after([](Record& r) { r.attributes["schema"] = std::string("other/run"); }),
             "unknown schema \"other/run\"");
  expect_one(after([](Record& r) { r.attributes.erase("git_sha"); }), "no root attribute git_sha");
  expect_one(after([](Record& r) { r.attributes.erase("seed"); }), "no root attribute seed");
  expect_one(after([](Record& r) { r.arrays.at("/trajectory/train_loss").long_name = ""; }),
             "/trajectory/train_loss: no long_name");
  expect_one(after([](Record& r) { r.arrays.at("/trajectory/train_loss").units = ""; }),
             "no units");
  expect_one(after(plant_nan), "/trajectory/train_loss: value 1 is not finite");
  expect_one(after([](Record& r) {
               r.column("/trajectory/short", std::vector<double>{1}, "other", "1", "x");
             }),
             "rows");
  expect_one(after([](Record& r) { r.external_links["/runs/x"] = "runs/absent.h5"; }),
             "/runs/x: broken link");
}

TEST(Verify, DivergedRunsAndMaskedEntriesMayLackNumbers) {
  EXPECT_EQ(after([](Record& r) {
              plant_nan(r);
              r.attributes["status"] = std::string(kDiverged);
            }),
            "");
  const auto masked = [](std::uint8_t second) {
    return [second](Record& r) {
      r.arrays["/probes/p/x"] =
          Array{std::vector<double>{1, 1, kNan, kNan}, {2, 2}, {"i", "j"}, "1", "x"};
      r.column("/probes/p/x_valid", std::vector<std::uint8_t>{1, second}, "i", "1", "mask");
    };
  };
  EXPECT_EQ(after(masked(0)), "");
  expect_one(after(masked(1)), "/probes/p/x: value 2 is not finite");
}

TEST(Verify, MissingScaleIsFound) {
  const Scratch scratch;
  write_record(scratch.file("run.h5"), sound_run());
  {
    const hdf5::Handle file(H5Fopen(scratch.file("run.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT),
                            H5Fclose, "f", "open");
    hdf5::check(
        H5Adelete_by_name(file.id(), "/trajectory/train_loss", "DIMENSION_LIST", H5P_DEFAULT), "f",
        "delete");
  }
  expect_part(joined(verify_record(scratch.file("run.h5"))), "no checksum");
  seal_file(scratch.file("run.h5"), {});
  expect_one(joined(verify_record(scratch.file("run.h5"))),
             "/trajectory/train_loss: axis 0 has no dimension scale");
}

TEST(Verify, CutFilesAndForeignFoldersAreFaults) {
  const Scratch scratch;
  write_record(scratch.file("s/runs/run.h5"), sound_run());
  expect_one(joined(verify_record(scratch.file("s"))), "no study.h5");
  const auto size = std::filesystem::file_size(scratch.file("s/runs/run.h5"));
  for (const auto part : {std::uintmax_t{0}, size / 3, size - 1}) {
    std::filesystem::resize_file(scratch.file("s/runs/run.h5"), part);
    EXPECT_EQ(verify_record(scratch.file("s/runs/run.h5")).size(), 1U) << part;
  }
  EXPECT_EQ(verify_record(scratch.file("absent.h5")).size(), 1U);
}

}  // namespace
}  // namespace thalweg
