#include "studies/trajectories/summary_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <sstream>

#include "base/terminal.hpp"
#include "studies/trajectories/run_summary.hpp"

namespace thalweg {
namespace {

constexpr std::size_t kWide = 1000;  // every column beside the others

Record run(const std::string& group, std::int64_t seed, const std::string& status, double loss) {
  Record record;
  record.attributes["group"] = group;
  record.attributes["status"] = status;
  record.attributes["seed"] = seed;
  for (const char* name : {"epoch", "learning_rate", "train_loss", "train_accuracy", "test_loss",
                           "test_accuracy", "distance_from_start", "elapsed_s"}) {
    record.column(std::string("/trajectory/") + name, std::vector<double>{9.0, loss}, "step", "1",
                  name);
  }
  for (const char* name : {"step", "batch_size"}) {
    record.column(std::string("/trajectory/") + name, std::vector<std::int64_t>{0, 8}, "step", "1",
                  name);
  }
  record.scalar("/final/gradient_norm", loss, "1", "norm");
  return record;
}

/// The table's line that starts with this name.
std::string line_of(const std::string& table, const std::string& name) {
  const auto begin = table.find("\n" + name + " ");
  return begin == std::string::npos ? std::string()
                                    : table.substr(begin + 1, table.find('\n', begin + 1) - begin);
}

TEST(SummaryTable, ARowARunWhereEveryGroupHasOneSeed) {
  Record study;
  summarise_runs(study, {"a", "b"},
                 {run("a", 1, "finished", 0.5), run("b", 1, "diverged", std::nan(""))});
  const auto table = summary_table(study, kWide);
  EXPECT_EQ(table.find("±"), std::string::npos);
  EXPECT_NE(line_of(table, "a").find("0.5"), std::string::npos);
  EXPECT_NE(line_of(table, "a").find("finished"), std::string::npos);
  EXPECT_NE(line_of(table, "b").find("diverged"), std::string::npos);
}

// Eigenvalues of several matrices must be told apart.
TEST(SummaryTable, SeveralEigenvaluesAreCalledByTheirProbes) {
  Record study;
  auto measured = run("a", 1, "finished", 0.5);
  for (const char* probe : {"hessian", "fisher"}) {
    const std::string group = std::string("/probes/") + probe + "/";
    measured.column(group + "step", std::vector<std::int64_t>{8}, "step", "step", "steps");
    measured.column(group + "lambda_max", std::vector<double>{2.5}, "step", "1", "lambda");
  }
  summarise_runs(study, {"a"}, {measured});
  const auto table = summary_table(study, kWide);
  EXPECT_NE(table.find("hessian λ_max"), std::string::npos) << table;
  EXPECT_NE(table.find("fisher λ_max"), std::string::npos) << table;
}

TEST(SummaryTable, MeansAndDeviationsOverSeedsOfThoseThatDidNotDiverge) {
  Record study;
  summarise_runs(study, {"a-seed1", "a-seed2", "a-seed3", "b-seed1"},
                 {run("a", 1, "finished", 1.0), run("a", 2, "finished", 3.0),
                  run("a", 3, "diverged", std::nan("")), run("b", 1, "finished", 7.0)});
  const auto table = summary_table(study, kWide);
  const auto first = line_of(table, "a");
  EXPECT_NE(first.find("2 ± 1.4"), std::string::npos) << first;
  EXPECT_NE(first.find("2 finished, 1 diverged"), std::string::npos) << first;
  EXPECT_NE(table.find("mean ± standard deviation over seeds"), std::string::npos);
  EXPECT_EQ(table.find("a-seed1"), std::string::npos);
}

// Nothing is wider than the terminal, and every value still stands beside its run's name.
TEST(SummaryTable, ColumnsThatDoNotFitStandBelow) {
  Record study;
  summarise_runs(study, {"a"}, {run("a", 1, "finished", 0.5)});
  constexpr std::size_t width = 40;
  const std::string wide = summary_table(study, kWide);
  const std::string narrow = summary_table(study, width);
  EXPECT_EQ(std::count(wide.begin(), wide.end(), '\n'), 2);
  std::istringstream lines(narrow);
  std::int64_t rows = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(width_of(line), width) << line;
    rows += line.starts_with("a ") ? 1 : 0;
  }
  EXPECT_GT(rows, 1);
  const auto words = [](const std::string& text) {
    std::istringstream stream(text);
    return std::multiset<std::string>{std::istream_iterator<std::string>(stream), {}};
  };
  auto left = words(narrow);
  for (const auto& word : words(wide)) {
    const auto at = left.find(word);
    ASSERT_NE(at, left.end()) << word;
    left.erase(at);
  }
}

}  // namespace
}  // namespace thalweg
