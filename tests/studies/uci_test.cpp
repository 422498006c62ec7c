#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "kernels/pointwise_settings.hpp"
#include "studies/uci/uci_evaluation.hpp"
#include "studies/uci/uci_kernels.hpp"
#include "studies/uci/uci_summary.hpp"

namespace thalweg {
namespace {

std::vector<KernelFamily> families(const std::string& text) {
  const auto settings = Settings::parse(text, "study.toml");
  auto found = read_kernel_families(settings);
  settings.reject_unknown();
  return found;
}

void expect_complaint(const std::string& text, const std::vector<std::string>& pieces) {
  try {
    families(text);
  } catch (const ConfigurationError& error) {
    const std::string message = error.what();
    for (const auto& piece : pieces) {
      EXPECT_NE(message.find(piece), std::string::npos) << piece << " not in: " << message;
    }
    return;
  }
  ADD_FAILURE() << "was not refused: " << text;
}

TEST(UciKernels, GridsHaveEveryCombination) {
  const auto found = families(
      "[[kernel]]\ntype = \"ntk\"\n[[kernel]]\nname = \"plain\"\nfixed = false\ndepths = [2, 4]\n"
      "[[kernel]]\ntype = \"nngp\"\n[[kernel]]\ntype = \"gaussian\"\nmedian_factors = [0.5, 1]\n"
      "[[kernel]]\ntype = \"arccos\"\ndepths = [1, 2]\n[[kernel]]\ntype = \"linear\"\n");
  ASSERT_EQ(found.size(), 6U);
  EXPECT_EQ(found[0].candidates.size(), 20U);  // 2 + 3 + 4 + 5 + 6
  EXPECT_EQ(found[1].candidates.size(), 2U);
  EXPECT_EQ(found[2].candidates.size(), 5U);
  EXPECT_EQ(found[3].candidates.size(), 2U);
  EXPECT_EQ(found[4].candidates.size(), 6U);
  EXPECT_EQ(found[5].candidates.size(), 1U);
  EXPECT_EQ(found[1].name, "plain");
  EXPECT_EQ(found[0].candidates[1].label, "depth 1, trained from 1");
  for (const auto& candidate : found[2].candidates) {
    EXPECT_TRUE(std::get<FullyConnectedKernel>(candidate.kernel).is_nngp());
  }
  EXPECT_EQ(found[3].candidates[0].make(3.0)->description(), "gaussian of length scale 1.5");
}

TEST(UciKernels, RefusesWithLineAndKey) {
  expect_complaint("", {"kernel", "at least one"});
  expect_complaint("[[kernel]]\ntype = \"ntc\"", {"study.toml:2", "type", "ntk"});
  expect_complaint("[[kernel]]\ndepths = []", {"study.toml:2", "depths", "at least one"});
  expect_complaint("[[kernel]]\ndepths = [0]", {"study.toml:2", "depths", "found 0"});
  expect_complaint("[[kernel]]\n[[kernel]]", {"name", "two kernels", "ntk"});
  expect_complaint("[[kernel]]\ntype = \"gaussian\"\nmedian_factors = [-1.0]",
                   {"study.toml:3", "median_factors", "-1"});
  expect_complaint("[[kernel]]\ntype = \"arccos\"\ndegrees = [3]", {"study.toml:3", "degrees"});
  expect_complaint("[[kernel]]\ntype = \"linear\"\ndepths = [3]", {"study.toml:3", "depths"});
}

TEST(PointwiseSettings, AbsentLengthScaleIsTheMedian) {
  const auto read = [](const std::string& text, PointwiseForm form) {
    const auto settings = Settings::parse(text, "study.toml");
    auto chosen = pointwise_kernel(settings, form);
    settings.reject_unknown();
    return chosen;
  };
  EXPECT_TRUE(read("median_factor = 2.0", PointwiseForm::gaussian).needs_median());
  EXPECT_EQ(read("median_factor = 2.0", PointwiseForm::gaussian).median_factor, 2.0);
  const auto given = read("length_scale = 3.5", PointwiseForm::laplace);
  EXPECT_FALSE(given.needs_median());
  EXPECT_EQ(given.length_scale, 3.5);
  EXPECT_EQ(read("degree = 0\ndepth = 4", PointwiseForm::arccos).depth, 4);
  EXPECT_EQ(read("gamma = 0.5", PointwiseForm::polynomial).gamma, 0.5);
  EXPECT_THROW(read("degree = 3", PointwiseForm::arccos), ConfigurationError);
  EXPECT_THROW(read("length_scale = 0.0", PointwiseForm::gaussian), ConfigurationError);
  EXPECT_THROW(read("length_scale = 1.0", PointwiseForm::linear), ConfigurationError);
  EXPECT_THROW(read("constant = -1.0", PointwiseForm::polynomial), ConfigurationError);
}

TEST(UciSummary, StandingsOfAHandMadeTable) {
  // Three sets, three kernels. Ranks: set 1 (1, 2.5, 2.5), set 2 (3, 2, 1), set 3 (2, 2, 2).
  const std::vector<double> accuracies{1.0, .94, .94, .40, .80, 1.0, .5, .5, .5};
  const auto standings = kernel_standings(accuracies, 3);
  ASSERT_EQ(standings.size(), 3U);
  EXPECT_NEAR(standings[0].mean_accuracy, 1.9 / 3, 1e-15);
  // Deviations from .6333: .3667, −.2333, −.1333.
  EXPECT_NEAR(standings[0].sd_accuracy, std::sqrt((.13444444 + .05444444 + .01777778) / 3), 1e-7);
  EXPECT_NEAR(standings[0].friedman_rank, 2.0, 1e-15);
  EXPECT_NEAR(standings[1].friedman_rank, 6.5 / 3, 1e-15);
  EXPECT_NEAR(standings[2].friedman_rank, 5.5 / 3, 1e-15);
  EXPECT_NEAR(standings[0].pma, (1 + .4 + 1) / 3, 1e-15);
  EXPECT_NEAR(standings[1].pma, (.94 + .8 + 1) / 3, 1e-15);
  EXPECT_NEAR(standings[1].p90, 2.0 / 3, 1e-15);
  EXPECT_NEAR(standings[1].p95, 1.0 / 3, 1e-15);
  EXPECT_NEAR(standings[2].p90, 1.0, 1e-15);
  EXPECT_THROW(kernel_standings({}, 3), Error);
}

/// Two clouds that touch, 60 samples of 2 features, with four random hold-outs.
UciSet two_clouds() {
  UciSet set;
  set.name = "clouds";
  set.features = 2;
  set.classes = 2;
  Stream stream(2, Purpose::test, 3);
  for (int i = 0; i < 60; ++i) {
    set.labels.push_back(i % 2);
    set.rows.push_back(stream.normal() + (i % 2 == 0 ? -1.5 : 1.5));
    set.rows.push_back(stream.normal());
  }
  for (std::size_t k = 0; k < 4; ++k) {
    for (std::int64_t i = 0; i < 60; ++i) {
      auto& pair = set.hold_outs.at(k);
      (i % 4 == static_cast<std::int64_t>(k) ? pair.test : pair.train).push_back(i);
    }
  }
  return set;
}

const char* const kFamilies =
    "[[kernel]]\ntype = \"ntk\"\ndepths = [1, 2]\n[[kernel]]\ntype = \"laplace\"\n"
    "[[kernel]]\ntype = \"linear\"\n";

TEST(UciEvaluation, LearnsWhatCanBeLearned) {
  const UciProtocol protocol{{1e-3, 1e-1, 1.0}, LeaveOneOutCriterion::accuracy};
  const auto never = [] { return false; };
  const auto result = evaluate_uci_set(two_clouds(), families(kFamilies), protocol, never);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->kernels(), 3);
  for (std::int64_t k = 0; k < 3; ++k) {
    EXPECT_GE(result->accuracy(k), 0.8) << k;  // Bayes: Φ(1.5) = .933
    EXPECT_LE(result->accuracy(k), 1.0);
  }
  for (const auto& pair : result->hold_outs) EXPECT_GE(pair.loo_accuracy, 0.8);
}

TEST(UciEvaluation, TestLabelsHaveNoSayInTheChoice) {
  const UciProtocol protocol{{1e-3, 1e-1, 1.0}, LeaveOneOutCriterion::accuracy};
  const auto never = [] { return false; };
  UciSet set = two_clouds();
  const auto before = evaluate_uci_set(set, families(kFamilies), protocol, never);
  for (const auto i : set.hold_outs[2].test) {
    auto& label = set.labels[static_cast<std::size_t>(i)];
    label = 1 - label;
  }
  const auto after = evaluate_uci_set(set, families(kFamilies), protocol, never);
  for (std::size_t k = 2; k < 12; k += 4) {
    EXPECT_EQ(before->hold_outs[k].chosen, after->hold_outs[k].chosen);
    EXPECT_EQ(before->hold_outs[k].relative_ridge, after->hold_outs[k].relative_ridge);
    EXPECT_EQ(before->hold_outs[k].loo_accuracy, after->hold_outs[k].loo_accuracy);
    EXPECT_NEAR(before->hold_outs[k].accuracy, 1.0 - after->hold_outs[k].accuracy, 1e-15);
  }
}

TEST(UciEvaluation, CheckpointsHoldEverything) {
  const UciProtocol protocol{{1e-2}, LeaveOneOutCriterion::squared_error};
  int calls = 0;
  EXPECT_FALSE(evaluate_uci_set(two_clouds(), families(kFamilies), protocol, [&] {
                 return ++calls > 3;
               }).has_value());
  const auto result =
      evaluate_uci_set(two_clouds(), families(kFamilies), protocol, [] { return false; });
  const UciResult back = uci_result(uci_checkpoint(*result));
  EXPECT_EQ(back.set, "clouds");
  EXPECT_EQ(back.samples, 60);
  EXPECT_EQ(back.features, 2);
  EXPECT_EQ(back.classes, 2);
  EXPECT_EQ(back.elapsed_s, result->elapsed_s);
  ASSERT_EQ(back.hold_outs.size(), result->hold_outs.size());
  for (std::size_t k = 0; k < back.hold_outs.size(); ++k) {
    EXPECT_EQ(back.hold_outs[k].chosen, result->hold_outs[k].chosen);
    EXPECT_EQ(back.hold_outs[k].relative_ridge, result->hold_outs[k].relative_ridge);
    EXPECT_EQ(back.hold_outs[k].loo_accuracy, result->hold_outs[k].loo_accuracy);
    EXPECT_EQ(back.hold_outs[k].lambda_min, result->hold_outs[k].lambda_min);
    EXPECT_EQ(back.hold_outs[k].accuracy, result->hold_outs[k].accuracy);
  }
}

}  // namespace
}  // namespace thalweg
