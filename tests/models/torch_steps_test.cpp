// Ten steps of SGD with momentum beside PyTorch 1.13 (float64) from the same weights on the same
// batches. The numbers are PyTorch's losses before each step and, last, the loss of all samples
// with running statistics; weights, images and labels are formulas, written out below.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "support/network_harness.hpp"

namespace thalweg {
namespace {

using testing::layered;
using testing::NetworkHarness;

constexpr std::int64_t kSamples = 24;
constexpr std::int64_t kBatch = 16;
const ImageShape kShape{2, 9, 9};

double pixel(std::int64_t k) {
  const auto x = static_cast<double>(k);
  return std::sin(0.37 * x + 0.0011 * static_cast<double>((k % 997) * (k % 13)));
}

/// Parameter i of the flat vector is a multiple of sin(1 + 0.7 i): weights 1.5/√fan_in times it,
/// scales of batch norm 1 + 0.1 times it, biases 0.1 times it.
template <class Real>
void fill(NetworkHarness<Real>& net) {
  for (const auto& block : net.network().parameters()) {
    const bool is_scale = block.name.starts_with("norm") && block.name.ends_with("weight");
    const double fan_in =
        static_cast<double>(block.count()) / static_cast<double>(block.shape.front());
    for (std::int64_t j = 0; j < block.count(); ++j) {
      const std::int64_t i = block.offset + j;
      const double s = std::sin(1.0 + 0.7 * static_cast<double>(i));
      const double value = block.shape.size() > 1 ? 1.5 * s / std::sqrt(fan_in)
                           : is_scale             ? 1.0 + 0.1 * s
                                                  : 0.1 * s;
      net.point[static_cast<std::size_t>(i)] = static_cast<Real>(value);
    }
  }
}

template <class Real>
void set_samples(NetworkHarness<Real>& net, const std::vector<std::int64_t>& samples) {
  const std::int64_t features = kShape.features();
  for (std::size_t row = 0; row < samples.size(); ++row) {
    const std::int64_t i = samples[row];
    net.labels[row] = static_cast<std::int32_t>((3 * i * i + i) % 5);
    for (std::int64_t j = 0; j < features; ++j) {
      net.images[row * static_cast<std::size_t>(features) + static_cast<std::size_t>(j)] =
          static_cast<Real>(pixel(i * features + j));
    }
  }
}

struct Reference {
  const char* name;
  ModelOptions model;
  std::array<double, 11> losses;
};

ModelOptions mlp(BatchNormKind norm, const char* activation) {
  ModelOptions options;
  options.mlp.widths = {20, 12};
  options.mlp.activation = activation;
  options.batch_norm = norm;
  return options;
}

std::vector<Reference> references() {
  return {
      {"mlp",
       mlp(BatchNormKind::batch, "relu"),
       {1.52932049601, 1.52187505355671, 1.27493677217456, 1.3826890388407, 1.21654321004191,
        1.11624258921978, 1.02052050112166, 0.849760666783285, 0.928898065880868, 0.711120024019868,
        0.671407495084144}},
      {"mlp_tanh",
       mlp(BatchNormKind::none, "tanh"),
       {1.67663459284534, 1.54746436760432, 1.43750774691028, 1.38358018110992, 1.22124764518619,
        1.20337679017312, 0.916563507628776, 0.897342596518366, 0.749536254018529,
        0.672139370484876, 0.625835052869951}},
      {"conv",
       layered({"conv 6 3", "norm", "relu", "maxpool 3 stride 2", "conv 8 3 stride 2", "gelu",
                "avgpool 2", "flatten", "dense 7", "leaky_relu"}),
       {1.12352818732798, 2.14139597007464, 1.38298110447046, 1.49883471310332, 1.58351888479342,
        1.49964500135136, 1.45384476481422, 1.17102845065084, 1.50451278845639, 0.847599545044448,
        1.32660374107381}},
      {"resnet",
       layered(testing::resnet_blocks()),
       {2.13735069957804, 1.57051200310813, 1.84572243344768, 1.59822855763648, 1.55759577864851,
        1.47700871453535, 1.38602319827717, 1.28663324248437, 1.32439293220743, 1.05164475333857,
        1.18786451344438}},
  };
}

template <class Real>
void compare(double tolerance) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  for (const auto& reference : references()) {
    NetworkHarness<Real> net(world, reference.model, kShape, 5, kBatch, 3);
    fill(net);
    net.update_running = true;
    std::vector<Real> velocity(net.point.size(), Real{0});
    for (std::int64_t step = 0; step < 10; ++step) {
      std::vector<std::int64_t> batch;
      for (std::int64_t j = 0; j < kBatch; ++j) batch.push_back((7 * step + 5 * j) % kSamples);
      set_samples(net, batch);
      const auto gradient = net.gradient();
      EXPECT_NEAR(net.value, reference.losses[static_cast<std::size_t>(step)], tolerance)
          << reference.name << ", step " << step;
      for (std::size_t i = 0; i < velocity.size(); ++i) {
        velocity[i] = Real(0.9) * velocity[i] + gradient[i];
        net.point[i] -= Real(0.05) * velocity[i];
      }
    }
    NetworkHarness<Real> test(world, reference.model, kShape, 5, kSamples, 3);
    test.point = net.point;
    test.network().set_buffers(net.network().buffers());
    test.statistics = Statistics::frozen;
    std::vector<std::int64_t> all;
    for (std::int64_t i = 0; i < kSamples; ++i) all.push_back(i);
    set_samples(test, all);
    EXPECT_NEAR(test.loss(), reference.losses.back(), tolerance) << reference.name;
  }
}

TEST(TorchSteps, AgreeInFloat64) {
  compare<double>(1e-11);
}
TEST(TorchSteps, AgreeInFloat32) {
  compare<float>(1e-5);
}

}  // namespace
}  // namespace thalweg
