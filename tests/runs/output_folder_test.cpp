#include "runs/output_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "records/atomic_file.hpp"
#include "records/record.hpp"
#include "support/scratch.hpp"

namespace thalweg {
namespace {

namespace fs = std::filesystem;
using testing_support::Scratch;

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ConfigurationError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

void expect_has(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << "\"" << part << "\" is not in: " << message;
}

constexpr const char* kConfig =
    "[study]\nname = \"a\"\nteam_size = 2\n\n[train]\nbatch = 8\n\n[[run]]\nx = "
    "1\n\n[run.optimizer]\nlr = 0.5\n";

TEST(OutputFolder, IsMadeResumedAndProtected) {
  const Scratch scratch;
  const std::string folder = scratch.file("deep/results");
  EXPECT_EQ(open_output_folder(folder, kConfig, false, false), StudyStart::fresh);
  EXPECT_TRUE(fs::exists(folder + "/config.toml"));
  EXPECT_EQ(open_output_folder(folder, kConfig, true, false), StudyStart::resumed);
  // A study that failed before it had any result does not stand in its own way.
  EXPECT_EQ(open_output_folder(folder, kConfig, false, false), StudyStart::fresh);
  fs::create_directory(folder + "/runs");
  expect_has(message_of([&] { (void)open_output_folder(folder, kConfig, false, false); }),
             "is not empty");
  EXPECT_EQ(open_output_folder(folder, kConfig, true, false), StudyStart::resumed);
  EXPECT_EQ(open_output_folder(scratch.file("new"), kConfig, true, false), StudyStart::fresh);
}

TEST(OutputFolder, ALostOrDamagedConfigurationIsToldByTheRecord) {
  const Scratch scratch;
  const std::string config = scratch.file("config.toml");
  Record study;
  study.attributes["config_resolved"] = std::string(kConfig);
  write_record(scratch.file("study.h5"), study);
  for (const char* left : {"", "# thalweg: the conf"}) {
    write_bytes_atomically(config, left);
    EXPECT_EQ(open_output_folder(scratch.path(), kConfig, true, false), StudyStart::resumed);
    EXPECT_GT(fs::file_size(config), std::string(kConfig).size());
  }
  EXPECT_TRUE(configuration_difference("[study]\nx", kConfig).has_value());
}

TEST(OutputFolder, ResumeNamesTheFirstKeyThatDiffers) {
  std::string other = kConfig;
  EXPECT_EQ(configuration_difference(kConfig, other), std::nullopt);
  other.replace(other.find("batch = 8"), 9, "batch = 9");
  EXPECT_EQ(configuration_difference(kConfig, other),
            "[train] batch is 9, in the stored configuration 8");
  other = kConfig;
  other.replace(other.find("0.5"), 3, "0.6");
  EXPECT_EQ(configuration_difference(kConfig, other),
            "[run.optimizer] 0 lr is 0.6, in the stored configuration 0.5");
  other = kConfig;
  other.replace(other.find("team_size = 2"), 13, "team_size = 1");
  EXPECT_EQ(configuration_difference(kConfig, other), std::nullopt)
      << "the team's size changes no number";
  const std::string more = std::string(kConfig) + "\n[[run]]\nx = 1\n";
  EXPECT_TRUE(configuration_difference(kConfig, more).has_value());
  EXPECT_TRUE(configuration_difference(more, kConfig).has_value());
}

TEST(OutputFolder, ForceDeletesOnlyWhatAStudyOwns) {
  const Scratch scratch;
  const std::string folder = scratch.file("results");
  (void)open_output_folder(folder, kConfig, false, false);
  fs::create_directories(folder + "/runs");
  std::ofstream(folder + "/runs/a.h5") << "x";
  std::ofstream(folder + "/.study.h5.partial") << "x";
  std::ofstream(folder + "/notes.txt") << "mine";
  EXPECT_EQ(open_output_folder(folder, kConfig, false, true), StudyStart::fresh);
  EXPECT_TRUE(fs::exists(folder + "/notes.txt"));
  EXPECT_FALSE(fs::exists(folder + "/runs"));
  EXPECT_FALSE(fs::exists(folder + "/.study.h5.partial"));

  const std::string foreign = scratch.file("foreign");
  fs::create_directories(foreign + "/runs");
  std::ofstream(foreign + "/config.toml") << "mine = 1\n";
  expect_has(message_of([&] { (void)open_output_folder(foreign, kConfig, false, true); }),
             "no thalweg record");
  expect_has(message_of([&] { (void)open_output_folder(foreign, kConfig, true, false); }),
             "no thalweg record");
  EXPECT_TRUE(fs::exists(foreign + "/runs"));
}

TEST(OutputFolder, PlacesThatCannotBeAreRefused) {
  const Scratch scratch;
  std::ofstream(scratch.file("plain")) << "x";
  expect_has(message_of([&] { check_output_folder(scratch.file("plain"), false); }),
             "is not a folder");
  expect_has(message_of([&] { check_output_folder(scratch.file("plain/a/b"), false); }),
             "is not a folder");
  check_output_folder(scratch.file("new/a"), false);
  EXPECT_FALSE(fs::exists(scratch.file("new"))) << "checking changed something";
}

}  // namespace
}  // namespace thalweg
