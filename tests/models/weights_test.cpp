#include "models/weights.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "base/error.hpp"
#include "models/model.hpp"

namespace thalweg {
namespace {

/// conv1 (no bias), norm1, conv2, dense1 (no bias), norm2, dense2.
class WeightsTest : public ::testing::Test {
 protected:
  WeightsTest() {
    network_.initialise(std::span<double>(w_), 3);
    for (std::size_t i = 0; i < statistics_.size(); ++i) {
      statistics_[i] = 0.5 + 0.01 * static_cast<double>(i);
    }
    arrays_ = named_weights(blocks_, std::span<const double>(w_), statistics_);
  }

  static Network<double> make() {
    ModelOptions options;
    options.batch_norm = BatchNormKind::batch;
    options.layers = read_layers({"conv 2 3", "norm", "relu", "conv 3 2 stride 2 pad 0", "relu",
                                  "flatten", "dense 4", "norm", "relu"});
    return make_model<double>(options, {1, 4, 4}, 3);
  }
  NamedArray& array(const std::string& name) {
    return *std::find_if(arrays_.begin(), arrays_.end(),
                         [&](const NamedArray& one) { return one.name == name; });
  }
  void erase(const std::string& name) {
    std::erase_if(arrays_, [&](const NamedArray& one) { return one.name == name; });
  }
  /// Other names for the layers, as a state dict has them.
  void rename() {
    for (auto& one : arrays_) {
      const auto dot = one.name.find('.');
      one.name = "net." + one.name.substr(0, dot) + "x" + one.name.substr(dot);
    }
  }
  void assign() {
    got_w_.assign(w_.size(), 0.0);
    got_statistics_.assign(statistics_.size(), 0.0);
    assign_weights("f.npz", arrays_, blocks_, std::span<double>(got_w_),
                   std::span<double>(got_statistics_));
  }
  void expect_restored() {
    assign();
    EXPECT_EQ(got_w_, w_);
    EXPECT_EQ(got_statistics_, statistics_);
  }
  void expect_refused(const std::vector<std::string>& pieces) {
    try {
      assign();
      ADD_FAILURE() << "not refused; expected " << pieces.front();
    } catch (const ConfigurationError& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.rfind("f.npz: ", 0), 0U) << message;
      for (const auto& piece : pieces) {
        EXPECT_NE(message.find(piece), std::string::npos) << piece << " not in: " << message;
      }
    }
  }

  Network<double> network_ = make();
  std::vector<ParameterBlock> blocks_ = network_.parameters();
  std::vector<double> w_ =
      std::vector<double>(static_cast<std::size_t>(network_.parameter_count()));
  std::vector<double> statistics_ = network_.buffers();
  std::vector<NamedArray> arrays_;
  std::vector<double> got_w_;
  std::vector<double> got_statistics_;
};

TEST_F(WeightsTest, NamesAndShapesArePyTorchs) {
  std::string names;
  for (const auto& one : arrays_) names += one.name + " " + shape_text(one.shape) + "; ";
  EXPECT_EQ(names,
            "conv1.weight (2, 1, 3, 3); norm1.weight (2,); norm1.bias (2,); norm1.running_mean "
            "(2,); norm1.running_var (2,); conv2.weight (3, 2, 2, 2); conv2.bias (3,); "
            "dense1.weight (4, 12); norm2.weight (4,); norm2.bias (4,); norm2.running_mean (4,); "
            "norm2.running_var (4,); dense2.weight (3, 4); dense2.bias (3,); ");
}

TEST_F(WeightsTest, ComeBackByNameInAnyOrder) {
  std::reverse(arrays_.begin(), arrays_.end());
  expect_restored();
}

TEST_F(WeightsTest, ComeBackByLayersWhateverTheyAreCalled) {
  rename();
  // As sorted names would have them within a layer.
  std::swap(array("net.conv2x.weight"), array("net.conv2x.bias"));
  arrays_.insert(arrays_.begin() + 5, {"net.norm1x.num_batches_tracked", "<i8", {}, {}});
  expect_restored();
}

TEST_F(WeightsTest, ComeBackByOrderAlone) {
  for (std::size_t i = 0; i < arrays_.size(); ++i) arrays_[i].name = "arr_" + std::to_string(i);
  expect_restored();
  arrays_.pop_back();
  expect_refused({"13 arrays found", "arr_11", "14"});
}

TEST_F(WeightsTest, BiasBeforeANormMovesItsMean) {
  rename();
  arrays_.insert(arrays_.begin() + 1, {"net.conv1x.bias", "<f8", {2}, {0.25, -4.0}});
  assign();
  EXPECT_EQ(got_w_, w_);
  auto expected = statistics_;
  expected[0] -= 0.25;
  expected[1] += 4.0;
  EXPECT_EQ(got_statistics_, expected);
}

TEST_F(WeightsTest, RefusesWhatIsMissingOrLeftOver) {
  rename();
  const auto whole = arrays_;
  erase("net.conv2x.bias");
  expect_refused({"no array 'net.conv2x.bias'", "(3,)", "conv2.bias"});
  arrays_ = whole;
  erase("net.norm1x.running_mean");
  expect_refused({"no array 'net.norm1x.running_mean'", "norm1.running_mean"});
  arrays_ = whole;
  arrays_.push_back({"net.more.weight", "<f8", {3, 3}, std::vector<double>(9)});
  expect_refused({"7 layers found", "net.more", "expected the network's 6"});
  arrays_ = whole;
  erase("net.dense2x.weight");
  erase("net.dense2x.bias");
  expect_refused({"5 layers found", "expected the network's 6", "dense2"});
  arrays_ = whole;
  arrays_.push_back({"net.dense2x.running_mean", "<f8", {3}, std::vector<double>(3)});
  expect_refused({"'net.dense2x.running_mean'", "dense2 has no running_mean"});
}

TEST_F(WeightsTest, RefusesOtherShapesTypesAndNumbers) {
  const auto whole = arrays_;
  array("dense1.weight").shape = {12, 4};
  expect_refused({"'dense1.weight'", "(12, 4) found", "(4, 12) (outputs × inputs)"});
  arrays_ = whole;
  array("conv2.weight").shape = {2, 2, 2, 3};
  expect_refused({"'conv2.weight'", "(3, 2, 2, 2) (filters × channels × height × width)"});
  arrays_ = whole;
  array("conv2.weight").type = "<f2";
  expect_refused({"'conv2.weight'", "type '<f2'"});
  arrays_ = whole;
  array("norm2.bias").values[3] = std::numeric_limits<double>::quiet_NaN();
  expect_refused({"'norm2.bias'", "value 3", "finite"});
  arrays_ = whole;
  array("norm2.running_var").values[1] = -1.0;
  expect_refused({"'norm2.running_var'", "value 1", "variance"});
  arrays_ = whole;
  arrays_.push_back({"dense3.bias", "<f8", {1}, {0.0}});
  arrays_.push_back({"extra", "<i8", {}, {}});
  expect_refused(
      {"left over: 'dense3.bias' of shape (1,), 'extra' of shape ()", "other 14 arrays"});
}

TEST_F(WeightsTest, NamesWhatIsLeftOverWhateverTheOthersAreCalled) {
  const auto whole = arrays_;
  // One name that says nothing among those of layers does not make the others' names forgotten.
  rename();
  arrays_.insert(arrays_.begin(), {"state_dict", "<i8", {}, {}});
  arrays_.insert(arrays_.begin() + 2, {"net.conv1x.bias", "<f8", {2}, {0.25, -4.0}});
  expect_refused(
      {"left over: 'state_dict' of shape ()", "'net.conv1x.bias'", "norm1.running_mean"});
  arrays_ = whole;
  array("dense1.weight").name = "dense1.wieght";
  expect_refused({"for dense1.weight", "left over: 'dense1.wieght' of shape (4, 12)"});
  // Without names the shapes tell.
  arrays_ = whole;
  arrays_.insert(arrays_.begin() + 3, {"", "<f8", {77}, std::vector<double>(77)});
  arrays_.insert(arrays_.begin(), {"", "<i8", {}, {}});
  for (std::size_t i = 0; i < arrays_.size(); ++i) arrays_[i].name = "arr_" + std::to_string(i);
  expect_refused({"left over: 'arr_0' of shape (), 'arr_4' of shape (77,)"});
  // As many as expected, but one of another shape.
  arrays_ = whole;
  array("dense1.weight").shape = {12, 4};
  for (std::size_t i = 0; i < arrays_.size(); ++i) arrays_[i].name = "arr_" + std::to_string(i);
  expect_refused({"(12, 4) found", "dense1.weight"});
}

TEST_F(WeightsTest, RefusesWhatFloat32CannotHold) {
  array("dense2.bias").values[0] = 1e300;
  std::vector<float> w(w_.size());
  EXPECT_THROW(assign_weights("f.npz", arrays_, blocks_, std::span<float>(w),
                              std::span<double>(statistics_)),
               ConfigurationError);
}

}  // namespace
}  // namespace thalweg
