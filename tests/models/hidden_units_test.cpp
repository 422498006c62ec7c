#include "models/hidden_units.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "models/weight_matching.hpp"
#include "support/network_harness.hpp"

namespace thalweg {
namespace {

using testing::NetworkHarness;

/// Outputs depend on every layer kind that carries units on: convolution, norm, pool, flatten,
/// dense.
ModelOptions convolutional() {
  ModelOptions model;
  model.layers = read_layers({"conv 5 3", "norm", "relu", "maxpool 2", "conv 6 3", "norm", "relu",
                              "flatten", "dense 9", "norm", "relu"});
  return model;
}

ModelOptions fully_connected() {
  ModelOptions model;
  model.mlp.widths = {11, 7};
  return model;
}

class PermutedNet : public ::testing::TestWithParam<bool> {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
  NetworkHarness<double> net_{
      world_, GetParam() ? convolutional() : fully_connected(), ImageShape{2, 6, 6}, 4, 12, 4};
  std::vector<HiddenUnits> layers_ = hidden_units(net_.network().parameters());
};

TEST_P(PermutedNet, ComputesTheSameFunction) {
  const auto original = net_.point;
  const double loss = net_.loss();
  shuffle_units<double>(net_.point, layers_, 3);
  EXPECT_NE(net_.point, original);
  EXPECT_NEAR(net_.loss(), loss, 1e-13);
  // One layer's units alone, and something else than a permutation of units.
  net_.point = original;
  const auto& layer = layers_.back();
  std::vector<std::int64_t> turned(static_cast<std::size_t>(layer.units));
  std::iota(turned.begin(), turned.end(), 0);
  std::rotate(turned.begin(), turned.begin() + 1, turned.end());
  permute_units<double>(net_.point, layer, turned);
  EXPECT_NEAR(net_.loss(), loss, 1e-13);
  net_.point = original;
  HiddenUnits half = layer;
  half.axes.pop_back();
  permute_units<double>(net_.point, half, turned);
  EXPECT_GT(std::abs(net_.loss() - loss), 1e-4);
}

TEST_P(PermutedNet, IsFoundAgainByWeightMatching) {
  auto copy = net_.point;
  shuffle_units<double>(copy, layers_, 4);
  const auto matching = match_weights<double>(net_.point, copy, layers_, 1);
  EXPECT_EQ(copy, net_.point);
  EXPECT_GT(matching.before, 1.0);
  EXPECT_EQ(matching.after, 0.0);
}

TEST_P(PermutedNet, MatchingNeverMovesAwayAndKeepsTheFunction) {
  auto other = net_.point;
  Stream stream(9, Purpose::test, 0);
  for (auto& parameter : other) parameter = 0.5 * stream.normal();
  const auto before = other;
  const auto matching = match_weights<double>(net_.point, other, layers_, 1);
  EXPECT_LT(matching.after, matching.before);
  net_.point = before;
  const double loss = net_.loss();
  net_.point = other;
  EXPECT_NEAR(net_.loss(), loss, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Nets, PermutedNet, ::testing::Bool());

TEST(HiddenUnits, RefusesResidualBlocks) {
  ModelOptions model;
  model.layers = read_layers({"conv 4 3", "norm", "relu", "block", "conv 8 3 stride 2", "norm",
                              "relu", "conv 8 3", "norm", "shortcut", "conv 8 1 stride 2", "norm",
                              "end", "relu", "gap"});
  const auto network = make_model<double>(model, ImageShape{1, 8, 8}, 3);
  EXPECT_THROW(static_cast<void>(hidden_units(network.parameters())), ConfigurationError);
}

}  // namespace
}  // namespace thalweg
