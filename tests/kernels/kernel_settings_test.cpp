#include "kernels/kernel_settings.hpp"

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
  EXPECT_EQ(chosen.precision, Precision::float64);
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
  // Also of a file whose size is not known before it is read.
  for (const std::int64_t announced : {20000, -1}) {
    EXPECT_TRUE(parsed("", announced).keeps_matrix(20000));
  }
  EXPECT_FALSE(parsed("", 20001).keeps_matrix(20001));
  EXPECT_FALSE(parsed("", -1).keeps_matrix(20001));
  EXPECT_TRUE(parsed("[kernel]\nkeep_gram = true", -1).keeps_matrix(50000));
  EXPECT_FALSE(parsed("[kernel]\nkeep_gram = false", -1).keeps_matrix(10));
  EXPECT_FALSE(parsed("[regression]\nmethod = \"cg\"").keeps_matrix(10));
}

TEST(KernelSettings, EveryTypeMakesAKernel) {
  for (const std::string& type : kernel_types()) {
    std::string text = "[kernel]\ntype = \"" + type + "\"\n";
    if (type == "gaussian" || type == "laplace") text += "length_scale = 2.0\n";
    if (type == "convnet")
      text += "layers = [\"conv 3\", \"relu\", \"avgpool 2\", \"gap\", \"dense\"]\n";
    if (type == "empirical") text += "[model]\nwidths = [16]\nbatch_norm = \"none\"\n";
    const KernelChoice choice = parsed(text).kernel;
    EXPECT_NE(choice.make<float>(), nullptr) << type;
    EXPECT_FALSE(choice.description().empty()) << type;
    EXPECT_EQ(choice.has_nngp(), type.ends_with("ntk") || type.ends_with("nngp")) << type;
  }
}

TEST(KernelSettings, RidgesOfAListAreChosenByLeavingOneOut) {
  const auto options = parsed("[regression]\nridge = [1e-6, 1e-3]\nmethod = \"eigen\"").regression;
  EXPECT_EQ(options.ridge_grid, (std::vector<double>{1e-6, 1e-3}));
  EXPECT_TRUE(options.leave_one_out);
  EXPECT_EQ(options.method, RegressionMethod::eigen);
}

TEST(KernelSettings, ConvolutionalGramsAreKept) {
  EXPECT_TRUE(parsed("[kernel]\ntype = \"cntk\"", 50000).keeps_matrix(50000));
  EXPECT_EQ(parsed("[kernel]\ngram = \"x/gram.h5\"").reused_gram, "x/gram.h5");
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
  expect("[regression]\nridge = [1e-6, -1.0]", "ridge", "-1");
  expect("[regression]\nridge = []", "ridge", "empty");
  expect("[regression]\nridge = [1e-6, 1.0]\nleave_one_out = false", "leave_one_out", "list");
  expect("[regression]\nridge = [1e-6, 1.0]\nmethod = \"cg\"", "method", "factor");
  expect("[regression]\ntimes = [1.0]", "times", "eigen");
  expect("[regression]\nmethod = \"eigen\"\ntimes = [2.0, 1.0]", "times", "ascending");
  expect("[regression]\nmethod = \"eigen\"\nrule = \"descent\"\ntimes = [1.5]", "times", "whole");
  expect("[regression]\nmethod = \"eigen\"\nensemble = true\n[kernel]\ntype = \"linear\"",
         "ensemble", "ntk");
  expect("[kernel]\nprecision = \"mixed\"\n[regression]\nridge = [1e-6, 1.0]", "precision",
         "float64");
  expect("[kernel]\nkeep_gram = true\n[regression]\nmethod = \"cg\"", "keep_gram", "no matrix");
  expect("[kernel]\ntype = \"cntk\"\nkernel_size = 4", "kernel_size", "1, 3, 5 or 7");
  expect("[kernel]\ntype = \"cnngp\"\ntrained = \"all\"", "trained", "last");
  expect("[kernel]\ntype = \"empirical\"", "batch_norm", "none");
  expect("[kernel]\ntype = \"convnet\"", "layers", "avgpool");
  expect("[kernel]\ntype = \"convnet\"\nlayers = [\"conv\"]", "layers", "size");
  expect("[kernel]\ntype = \"convnet\"\nlayers = [\"conv 3 stride x\"]", "layers", "'x'");
  expect("[kernel]\ntype = \"convnet\"\nlayers = [\"maxpool 2\"]", "layers", "avgpool");
  expect("[kernel]\ntype = \"convnet\"\nlayers = [\"gap 2\"]", "layers", "'2'");
  expect("[kernel]\ntype = \"convnet\"\nlayers = [\"conv 3\"]", "layers", "dense");
  expect("[kernel]\ntype = \"convnet\"\nlayers = [\"dense\", \"conv 3\"]", "layers", "gap");
  expect("[kernel]\ntype = \"convnet\"\nlayers = [\"gap\", \"gap\", \"dense\"]", "layers", "gap");
  expect("[kernel]\ntype = \"convnet\"\nlayers = [\"conv 3 stride 0\"]", "layers", "stride");
  expect("[kernel]\ntype = \"convnet\"\nlayers = [\"conv 99999999\"]", "layers", "999999");
}

}  // namespace
}  // namespace thalweg
