#include "studies/kernel_settings.hpp"

#include <gtest/gtest.h>

#include <string>

namespace thalweg {
namespace {

KernelSettings parsed(const std::string& text, std::int64_t train = 1000) {
  return kernel_settings(Settings::parse(text, "study.toml"), train);
}

std::string complaint(const std::string& text) {
  try {
    parsed(text);
  } catch (const ConfigurationError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(KernelSettings, DefaultsAreTheNtkOfThreeHiddenLayersScaledByTheFeatures) {
  const KernelSettings chosen = parsed("");
  const auto& numbers = std::get<FullyConnectedKernel>(chosen.kernel.numbers());
  EXPECT_EQ(numbers.depth, 3);
  EXPECT_EQ(numbers.first_trained, 0);
  EXPECT_TRUE(numbers.input_scaling);
  EXPECT_EQ(numbers.weight_variance, 2.0);
  EXPECT_EQ(chosen.regression.ridge.value, 1e-6);
  EXPECT_TRUE(chosen.regression.ridge.relative);
  EXPECT_FALSE(chosen.single_precision);
}

TEST(KernelSettings, NngpIsTheNtkWhoseLastLayerAloneIsTrained) {
  const auto numbers = [](const std::string& text) {
    return std::get<FullyConnectedKernel>(parsed(text).kernel.numbers());
  };
  EXPECT_TRUE(numbers("[kernel]\ntype = \"nngp\"\ndepth = 5").is_nngp());
  EXPECT_TRUE(numbers("[kernel]\ntrained = \"last\"").is_nngp());
  EXPECT_EQ(numbers("[kernel]\ntrained = \"from:2\"").first_trained, 2);
}

TEST(KernelSettings, TheGramMatrixIsKeptWhileItsFileIsOfModerateSize) {
  EXPECT_TRUE(parsed("", 20000).keep_gram);
  EXPECT_FALSE(parsed("", 20001).keep_gram);
  EXPECT_FALSE(parsed("", -1).keep_gram);  // all of a file whose size is not known yet
  EXPECT_TRUE(parsed("[kernel]\nkeep_gram = true", -1).keep_gram);
}

TEST(KernelSettings, RegressionKeysReachTheirOptions) {
  const auto options = parsed("[kernel]\nprecision = \"mixed\"\n[regression]\ntolerance = 1e-8");
  EXPECT_TRUE(options.mixed_precision);
  EXPECT_EQ(options.regression.tolerance, 1e-8);
  const auto eigen = parsed(
      "[regression]\nmethod = \"eigen\"\nridge_grid = [1e-3, 1.0]\nchoose_by = \"accuracy\"\n"
      "times = [1.0, inf]\nlearning_rate = 2.0\nensemble = true");
  EXPECT_EQ(eigen.regression.method, RegressionMethod::eigen);
  EXPECT_EQ(eigen.regression.ridge_grid.size(), 2U);
  EXPECT_EQ(eigen.regression.choice, LeaveOneOutCriterion::accuracy);
  EXPECT_EQ(eigen.regression.times.size(), 2U);
  EXPECT_EQ(eigen.regression.learning_rate, 2.0);
  EXPECT_TRUE(eigen.regression.ensemble);
  const auto cg = parsed("[regression]\nmethod = \"cg\"\npreconditioner_rank = 77");
  EXPECT_FALSE(cg.keep_gram);
  EXPECT_EQ(cg.regression.preconditioner, Preconditioner::low_rank);
  EXPECT_EQ(cg.regression.preconditioner_rank, 77);
}

TEST(KernelSettings, ComplaintsNameKeyAndWhatIsWanted) {
  const auto expect = [](const std::string& text, const std::string& key,
                         const std::string& wanted) {
    const std::string message = complaint(text);
    EXPECT_NE(message.find(key), std::string::npos) << message;
    EXPECT_NE(message.find(wanted), std::string::npos) << message;
  };
  expect("[kernel]\ntrained = \"from:4\"", "trained", "0 to 3");
  expect("[kernel]\ntrained = \"from:x\"", "trained", "from:j");
  expect("[kernel]\ntype = \"nngp\"\ntrained = \"all\"", "trained", "last layer");
  expect("[kernel]\ndepth = 0", "depth", "0");
  expect("[kernel]\nactivation = \"tanh\"", "activation", "relu");
  expect("[kernel]\nweight_variance = -1.0", "weight_variance", "-1");
  expect("[regression]\nridge = -1e-6", "ridge", "-1e-06");
  expect("[regression]\nridge = 1.0\nridge_grid = [1.0]", "ridge", "not both");
  expect("[regression]\nridge_grid = [-1.0]", "ridge_grid", "at least 0");
  expect("[regression]\nridge_grid = [1.0, 2.0]\nmethod = \"cg\"", "ridge_grid", "factorisation");
  expect("[kernel]\nprecision = \"mixed\"\n[regression]\nmethod = \"eigen\"", "method", "float64");
  expect("[kernel]\nkeep_gram = true\n[regression]\nmethod = \"cg\"", "keep_gram", "no matrix");
  expect("[regression]\nmethod = \"eigen\"\nrule = \"descent\"\ntimes = [0.5]", "times", "whole");
  expect("[regression]\nmethod = \"eigen\"\nmomentum = 1.0", "momentum", "[0, 1)");
}

}  // namespace
}  // namespace thalweg
