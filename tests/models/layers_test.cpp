// Every layer's gradient and R-operator against differences in float64, and the promise that bits
// do not depend on the number of ranks.
#include <gtest/gtest.h>

#include "support/network_harness.hpp"

namespace thalweg {
namespace {

using testing::layered;
using testing::NetworkHarness;

struct Case {
  Case(const char* label, std::vector<std::string> lines, BatchNormKind kind = BatchNormKind::batch,
       std::int64_t group = 0)
      : name(label), layers(std::move(lines)), norm(kind), ghost_size(group) {}
  const char* name;
  std::vector<std::string> layers;
  BatchNormKind norm;
  std::int64_t ghost_size;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"dense", {"flatten", "dense 7", "relu"}},
      {"convolution", {"conv 5 3", "relu", "flatten"}},
      {"two_convolutions", {"conv 4 3", "tanh", "conv 3 3", "gelu", "flatten"}},
      {"strided", {"conv 4 3 stride 2", "leaky_relu", "conv 3 2 stride 2 pad 0", "flatten"}},
      {"wide_padding", {"conv 4 5 pad 3", "abs", "conv 3 4 stride 3 pad 1", "gap"}},
      {"max_pool", {"conv 4 3", "maxpool 3 stride 2", "flatten"}},
      {"max_pool_padded", {"conv 4 3", "maxpool 3 stride 2 pad 1", "conv 3 3", "gap"}},
      {"average_pool", {"conv 4 3", "tanh", "avgpool 2", "conv 3 3", "tanh", "flatten"}},
      {"pool_first", {"avgpool 2", "conv 3 3", "tanh", "gap"}},
      {"norm", {"conv 4 3", "norm", "relu", "conv 3 3", "norm", "tanh", "gap"}},
      {"norm_first", {"norm", "conv 4 3", "gelu", "flatten", "dense 6", "norm", "relu"}},
      {"ghost",
       {"conv 4 3", "norm", "relu", "flatten", "dense 6", "norm", "relu"},
       BatchNormKind::ghost,
       2},
      {"residual",
       {"conv 4 3", "relu", "block", "conv 4 3", "norm", "relu", "conv 4 3", "norm", "end", "relu",
        "gap"}},
      {"residual_shortcut",
       {"block", "conv 5 3 stride 2", "norm", "relu", "conv 5 3", "shortcut", "conv 5 1 stride 2",
        "norm", "end", "relu", "block", "conv 5 3", "tanh", "end", "gap"}},
      {"residual_pool_shortcut",
       {"block", "conv 2 3 stride 2 pad 1", "tanh", "shortcut", "avgpool 2 pad 0", "end",
        "flatten"}},
      {"dropout", {"conv 4 3", "tanh", "dropout 0.3", "flatten", "dense 8", "dropout 0.5", "tanh"}},
      {"resnet20_blocks", testing::resnet_blocks()},
  };
  return all;
}

// Even sizes, so that every window of the cases fits.
const ImageShape kShape{2, 6, 6};

template <class Real>
NetworkHarness<Real> harness(const Communicator& team, const Case& which) {
  return NetworkHarness<Real>(team, layered(which.layers, which.norm, which.ghost_size), kShape, 3,
                              14, 4);
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

class Layers : public ::testing::TestWithParam<std::size_t> {};

// Of the loss along random directions, and of the gradient for the R-operator; the Hessian is
// symmetric. Dropout draws the same mask at all points.
TEST_P(Layers, DerivativesMatchDifferences) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const StepDraws draws{3, 17, 1};
  for (const auto statistics : {Statistics::batch, Statistics::frozen}) {
    auto net = harness<double>(world, cases()[GetParam()]);
    net.statistics = statistics;
    net.draws = &draws;
    const auto start = net.point;
    const auto gradient = net.gradient();
    std::vector<std::vector<double>> directions;
    for (std::uint64_t trial = 0; trial < 2; ++trial) {
      Stream stream(22, Purpose::test, trial);
      directions.emplace_back(start.size());
      for (auto& value : directions.back()) value = stream.normal();
      const auto& v = directions.back();
      // Small enough that few kinks of max and abs are crossed; none for these seeds.
      const double h = 1e-7;
      const auto move = [&](double t) {
        for (std::size_t i = 0; i < start.size(); ++i) net.point[i] = start[i] + t * v[i];
      };
      move(h);
      const auto up = net.gradient();
      const double value_up = net.value;
      move(-h);
      const auto down = net.gradient();
      const double slope = dot(gradient, v);
      EXPECT_NEAR((value_up - net.value) / (2 * h), slope, 2e-6 * std::max(1.0, std::abs(slope)));
      net.point = start;
      const auto product = net.hessian_vector(v);
      double gap = 0.0;
      for (std::size_t i = 0; i < v.size(); ++i) {
        const double difference = (up[i] - down[i]) / (2 * h) - product[i];
        gap += difference * difference;
      }
      EXPECT_LT(std::sqrt(gap), 3e-6 * std::sqrt(dot(product, product)));
      EXPECT_GT(dot(product, product), 0.0);
    }
    const double uhv = dot(directions[0], net.hessian_vector(directions[1]));
    EXPECT_NEAR(uhv, dot(directions[1], net.hessian_vector(directions[0])),
                1e-9 * std::max(1.0, std::abs(uhv)));
  }
}

TEST_P(Layers, HaveTheSameBitsOnAnyNumberOfRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const StepDraws draws{3, 17, 1};
  const auto bits_on = [&](const Communicator& team) {
    auto net = harness<float>(team, cases()[GetParam()]);
    net.draws = &draws;
    net.update_running = true;
    auto bits = net.gradient();
    net.update_running = false;
    const auto product = net.hessian_vector(bits);
    bits.insert(bits.end(), product.begin(), product.end());
    bits.push_back(static_cast<float>(net.value));
    for (const double value : net.network().buffers()) bits.push_back(static_cast<float>(value));
    return bits;
  };
  EXPECT_TRUE(bits_on(world) == bits_on(self));
}

INSTANTIATE_TEST_SUITE_P(All, Layers, ::testing::Range<std::size_t>(0, cases().size()),
                         [](const auto& which) { return cases()[which.param].name; });

// A mask belongs to (seed, step, layer, row of the batch): shares are right, other steps differ,
// and without draws nothing is dropped.
TEST(Dropout, DropsItsShareAndNothingOutsideOfTraining) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  NetworkHarness<double> net(world, layered({"flatten", "dropout 0.25"}), {1, 60, 60}, 2, 40, 8);
  const double off = net.loss();
  EXPECT_EQ(net.loss(), off);
  StepDraws draws{1, 1, 0};
  net.draws = &draws;
  const double first = net.loss();
  EXPECT_EQ(net.loss(), first);
  EXPECT_NE(first, off);
  draws.step = 2;
  EXPECT_NE(net.loss(), first);
  // All images 1, weights 1/features, bias 0: an output is the mean of the factors.
  std::fill(net.images.begin(), net.images.end(), 1.0);
  std::fill(net.point.begin(), net.point.end(), 0.0);
  std::fill_n(net.point.begin(), 3600, 1.0 / 3600.0);
  std::fill(net.labels.begin(), net.labels.end(), 0);
  // Mean loss ln(1 + e^{−m}), m the mean factor: 1 ± √(p/(1−p)/n) over 40 · 3600 numbers.
  const double m = -std::log(std::expm1(net.loss()));
  EXPECT_NEAR(m, 1.0, 5.0 * std::sqrt(0.25 / 0.75 / (40.0 * 3600.0)));
}

TEST(Model, NamedNetworksHaveTheirPublishedSizes) {
  const auto parameters = [](const char* name, const ImageShape& shape, std::int64_t classes) {
    ModelOptions options;
    options.layers = read_layers(layers_named(name));
    return make_model<float>(options, shape, classes).parameter_count();
  };
  const ImageShape cifar{3, 32, 32};
  // 4,800 + 102,400 of the convolutions, 3136·384, 384·192, 192·10 + 10, and the norms' pairs.
  EXPECT_EQ(parameters("c1", cifar, 10),
            4800 + 102400 + 3136 * 384 + 384 * 192 + 1930 + 2 * (64 + 64 + 384 + 192));
  // He et al. (2016) give 0.27 million; their shortcuts have no parameters, ours 16·32 + 32·64
  // and two norms.
  EXPECT_EQ(parameters("resnet20", cifar, 10), 269722 + 16 * 32 + 32 * 64 + 2 * (32 + 64));
  EXPECT_GT(parameters("c2", cifar, 10), 14'900'000);
  EXPECT_LT(parameters("c4", cifar, 100), 15'100'000);
}

TEST(Model, FlopsOfKnownNetworks) {
  ModelOptions options;
  options.layers = read_layers(layers_named("c1"));
  const auto c1 = make_model<float>(options, {3, 32, 32}, 10);
  EXPECT_EQ(c1.flops(), 2.0 * (75 * 64 * 1024 + 1600 * 64 * 225 + 3136 * 384 + 384 * 192 + 1920));
}

TEST(Model, RefusesLayersThatDoNotFit) {
  const auto build = [](const std::vector<std::string>& lines, const ImageShape& shape) {
    return make_model<double>(layered(lines), shape, 3).parameter_count();
  };
  EXPECT_THROW(build({"conv 4 9 pad 0", "flatten"}, kShape), ConfigurationError);
  EXPECT_THROW(build({"flatten", "conv 4 3"}, kShape), ConfigurationError);
  EXPECT_THROW(build({"conv 4 3"}, kShape), ConfigurationError);
  EXPECT_THROW(build({"maxpool 7", "flatten"}, kShape), ConfigurationError);
  EXPECT_THROW(build({"block", "conv 4 3", "end", "gap"}, kShape), ConfigurationError);
  EXPECT_THROW(build({"conv 4 3", "gap"}, {10, 1, 1}), ConfigurationError);
  for (const auto& bad : std::vector<std::vector<std::string>>{{"conv 4"},
                                                               {"conv 0 3"},
                                                               {"conv 4 3 stride 0"},
                                                               {"dropout 1"},
                                                               {"dropout x"},
                                                               {"maxpool 3 pad 2"},
                                                               {"swish"},
                                                               {"dense"},
                                                               {"dense 3 4"},
                                                               {"block", "dense 3"},
                                                               {"block", "end"},
                                                               {"end"}}) {
    EXPECT_THROW(read_layers(bad), Error) << bad.front();
  }
}

// Of a block of norms alone nothing is left to be differentiated where there is no batch norm.
TEST(Model, RefusesABlockWithoutLayers) {
  const std::vector<std::string> lines{"block", "norm", "end", "gap"};
  EXPECT_NO_THROW(make_model<double>(layered(lines), kShape, 3));
  EXPECT_THROW(make_model<double>(layered(lines, BatchNormKind::none), kShape, 3),
               ConfigurationError);
}

TEST(Model, HasTangentFactorsUnlessAConvolutionHasParameters) {
  const auto shape_of = [](const std::vector<std::string>& lines) {
    return make_model<double>(layered(lines), kShape, 3).tangent_shape();
  };
  // Weights and biases of the readout.
  EXPECT_EQ(shape_of({"block", "tanh", "end", "flatten"}).blocks.size(), 2U);
  EXPECT_THROW(shape_of({"conv 4 3", "flatten"}), ConfigurationError);
  EXPECT_THROW(shape_of({"block", "conv 2 3", "end", "flatten"}), ConfigurationError);
}

}  // namespace
}  // namespace thalweg
