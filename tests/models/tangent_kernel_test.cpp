#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "base/philox.hpp"
#include "models/batch_norm.hpp"
#include "models/dense.hpp"
#include "models/mlp.hpp"
#include "models/tangent_gram.hpp"

namespace thalweg {
namespace {

constexpr TangentMethod kMethods[] = {TangentMethod::jacobian, TangentMethod::products,
                                      TangentMethod::structure};

std::vector<double> random_numbers(std::int64_t n, std::uint64_t index) {
  Stream stream(17, Purpose::test, index);
  std::vector<double> values(static_cast<std::size_t>(n));
  for (auto& value : values) value = stream.normal();
  return values;
}

MlpOptions ntk_mlp(std::int64_t inputs, std::vector<std::int64_t> widths, std::int64_t outputs) {
  MlpOptions options;
  options.inputs = inputs;
  options.widths = std::move(widths);
  options.outputs = outputs;
  options.batch_norm = BatchNormKind::none;
  options.parametrization = Parametrization::ntk;
  return options;
}

template <class Real>
std::vector<Real> gram(const Communicator& team, Network<Real>& network, std::span<const Real> w,
                       std::span<const Real> rows, std::span<const Real> columns,
                       TangentMethod method, TangentOutputs outputs) {
  TangentKernel<Real> kernel(network, w, Statistics::frozen, method, outputs);
  return tangent_gram(team, kernel, rows, columns);
}

// f = (1/√2) W2 relu(W1 x/√2), W1 = [[1, 1], [.5, 2]], W2 = (1, −1), x = (1, 2), z = (3,
// −1).
TEST(TangentKernel, TwoSamplesComputedByHand) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  MlpOptions options = ntk_mlp(2, {2}, 1);
  options.weight_std = 1.0;
  auto network = make_mlp<double>(options);
  const std::vector<double> w{1, 1, .5, 2, 1, -1};
  const std::vector<double> samples{1, 2, 3, -1};
  for (const auto method : kMethods) {
    for (const auto outputs : {TangentOutputs::mean, TangentOutputs::pairs}) {
      const auto theta = gram<double>(world, network, w, samples, samples, method, outputs);
      EXPECT_NEAR(theta[0], 9.8125, 1e-14);
      EXPECT_NEAR(theta[1], 1.75, 1e-14);
      EXPECT_NEAR(theta[2], 1.75, 1e-14);
      EXPECT_NEAR(theta[3], 3.5, 1e-14);
    }
  }
}

struct NetCase {
  const char* name;
  Network<double> (*make)();
};

Network<double> ntk_net() {
  MlpOptions options = ntk_mlp(7, {11, 9}, 3);
  options.weight_std = 1.3;
  options.bias_std = .4;
  return make_mlp<double>(options);
}
Network<double> ntk_net_without_bias() {
  return make_mlp<double>(ntk_mlp(7, {11, 9}, 3));
}
Network<double> standard_net() {
  MlpOptions options = ntk_mlp(7, {11, 9}, 3);
  options.parametrization = Parametrization::standard;
  return make_mlp<double>(options);
}
Network<double> net_with_batch_norm() {
  MlpOptions options = ntk_mlp(7, {11, 9}, 3);
  options.parametrization = Parametrization::standard;
  options.batch_norm = BatchNormKind::batch;
  auto network = make_mlp<double>(options);
  auto buffers = network.buffers();
  Stream stream(3, Purpose::test, 1);
  for (auto& value : buffers) value = stream.uniform(.5, 1.5);
  network.set_buffers(buffers);
  return network;
}
Network<double> linear_net() {
  return make_mlp<double>(ntk_mlp(7, {}, 3));
}

class TangentKernelOf : public ::testing::TestWithParam<NetCase> {};

// All three methods, against the outputs' central differences by every single parameter.
TEST_P(TangentKernelOf, MethodsAgreeAndMatchDifferences) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  auto network = GetParam().make();
  std::vector<double> w(static_cast<std::size_t>(network.parameter_count()));
  network.initialise(std::span<double>(w), 5);
  const auto moved_by = random_numbers(network.parameter_count(), 9);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] += .1 * moved_by[i];
  const std::int64_t n = 6;
  const std::int64_t m = 4;
  const std::int64_t o = network.outputs();
  const auto rows = random_numbers(n * network.inputs(), 1);
  const auto columns = random_numbers(m * network.inputs(), 2);

  const auto jacobian = [&](const std::vector<double>& samples, std::int64_t count) {
    ShardGemm<double> gemm;
    const BatchLayout layout(self, count, count);
    const Pass<double> pass{layout, gemm, Statistics::frozen, false};
    std::vector<double> entries(static_cast<std::size_t>(count * o) * w.size());
    auto at = w;
    for (std::size_t p = 0; p < w.size(); ++p) {
      const double h = 1e-6;
      at[p] = w[p] + h;
      const double* f = network.forward(pass, at, samples.data());
      const std::vector<double> up(f, f + count * o);
      at[p] = w[p] - h;
      const double* down = network.forward(pass, at, samples.data());
      for (std::size_t i = 0; i < up.size(); ++i) {
        entries[i * w.size() + p] = (up[i] - down[i]) / (2 * h);
      }
      at[p] = w[p];
    }
    return entries;
  };
  const auto of_rows = jacobian(rows, n);
  const auto of_columns = jacobian(columns, m);
  std::vector<double> expected(static_cast<std::size_t>(n * o * m * o));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::size_t row = i / static_cast<std::size_t>(m * o) * w.size();
    const std::size_t column = i % static_cast<std::size_t>(m * o) * w.size();
    for (std::size_t p = 0; p < w.size(); ++p) {
      expected[i] += of_rows[row + p] * of_columns[column + p];
    }
  }
  std::vector<double> first;
  for (const auto method : kMethods) {
    const auto pairs =
        gram<double>(world, network, w, rows, columns, method, TangentOutputs::pairs);
    const auto mean = gram<double>(world, network, w, rows, columns, method, TangentOutputs::mean);
    if (first.empty()) first = pairs;
    double largest = 0.0;
    for (const double value : first) largest = std::max(largest, std::abs(value));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(pairs[i], expected[i], 1e-7 * largest) << i;
      EXPECT_NEAR(pairs[i], first[i], 1e-12 * largest) << i;
    }
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < m; ++j) {
        double sum = 0.0;
        for (std::int64_t k = 0; k < o; ++k) {
          sum += first[static_cast<std::size_t>((i * o + k) * m * o + j * o + k)];
        }
        EXPECT_NEAR(mean[static_cast<std::size_t>(i * m + j)], sum / static_cast<double>(o),
                    1e-12 * largest);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Nets, TangentKernelOf,
                         ::testing::Values(NetCase{"ntk", ntk_net},
                                           NetCase{"ntk_without_bias", ntk_net_without_bias},
                                           NetCase{"standard", standard_net},
                                           NetCase{"norm", net_with_batch_norm},
                                           NetCase{"linear", linear_net}),
                         [](const auto& chosen) { return chosen.param.name; });

// Blocks of 64 samples are dealt out: 150 samples make six of them.
TEST(TangentKernel, HasTheSameBitsOnAnyNumberOfRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  auto network = make_mlp<float>(ntk_mlp(20, {33, 17}, 2));
  std::vector<float> w(static_cast<std::size_t>(network.parameter_count()));
  network.initialise(std::span<float>(w), 5);
  const auto numbers = random_numbers(150 * 20, 1);
  const std::vector<float> samples(numbers.begin(), numbers.end());
  const auto test = std::span<const float>(samples).subspan(0, 70 * 20);
  for (const auto method : kMethods) {
    for (const auto outputs : {TangentOutputs::mean, TangentOutputs::pairs}) {
      const auto one = gram<float>(self, network, w, samples, samples, method, outputs);
      EXPECT_EQ(gram<float>(world, network, w, samples, samples, method, outputs), one);
      const auto side = static_cast<std::size_t>(std::sqrt(static_cast<double>(one.size())));
      for (std::size_t i = 0; i < side; ++i) {
        for (std::size_t j = 0; j < i; ++j) EXPECT_EQ(one[i * side + j], one[j * side + i]);
      }
      EXPECT_EQ(gram<float>(world, network, w, test, samples, method, outputs),
                gram<float>(self, network, w, test, samples, method, outputs));
    }
  }
}

// Panels whose features do not fit are computed anew, and panels filled up with zeros add nothing.
TEST(TangentKernel, PanelsThatDoNotFitChangeNothing) {
  auto network = make_mlp<double>(ntk_mlp(5, {8}, 2));
  std::vector<double> w(static_cast<std::size_t>(network.parameter_count()));
  network.initialise(std::span<double>(w), 1);
  const auto samples = random_numbers(30 * 5, 3);
  TangentKernel<double> kernel(network, w, Statistics::frozen, TangentMethod::structure,
                               TangentOutputs::mean);
  TangentPanels<double> all(kernel, samples, 8, 1 << 20);
  TangentPanels<double> few(kernel, samples, 8, 1, true);
  EXPECT_EQ(all.count(), 4);
  EXPECT_EQ(all.size(3), 6);
  EXPECT_EQ(few.size(3), 8);
  for (std::int64_t row = 0; row < 4; ++row) {
    for (std::int64_t column = 0; column < 4; ++column) {
      std::vector<double> a(static_cast<std::size_t>(all.size(row) * all.size(column)));
      std::vector<double> b(64);
      tangent_block(kernel, all, row, all, column, a.data());
      tangent_block(kernel, few, row, few, column, b.data());
      for (std::int64_t i = 0; i < all.size(row); ++i) {
        for (std::int64_t j = 0; j < all.size(column); ++j) {
          EXPECT_NEAR(a[static_cast<std::size_t>(i * all.size(column) + j)],
                      b[static_cast<std::size_t>(i * 8 + j)], 1e-13);
        }
      }
    }
  }
}

// The model of the cost, in a case counted by hand: 4 inputs, 3 hidden units, 2 outputs, no biases.
TEST(TangentKernel, CostsAsCounted) {
  const auto network = make_mlp<double>(ntk_mlp(4, {3}, 2));
  const double forward = 2 * (4 * 3 + 3 * 2);
  const double backward = 2 * 3 * 2;
  const double parameters = 18;
  const auto flops = [&](TangentMethod method, TangentOutputs outputs) {
    return tangent_cost(network, method, outputs, 5, 7).flops;
  };
  EXPECT_EQ(flops(TangentMethod::jacobian, TangentOutputs::mean),
            12 * (forward + 2 * backward + 2 * parameters) + 2 * 35 * 2 * parameters);
  EXPECT_EQ(flops(TangentMethod::jacobian, TangentOutputs::pairs),
            12 * (forward + 2 * backward + 2 * parameters) + 2 * 35 * 4 * parameters);
  EXPECT_EQ(flops(TangentMethod::products, TangentOutputs::pairs),
            7 * 2 * (2 * forward + backward + 5 * (forward + backward)) + 5 * forward);
  EXPECT_EQ(flops(TangentMethod::structure, TangentOutputs::mean),
            12 * (forward + 2 * backward) + 35 * (2 * 2 * (3 + 2) + 2 * (4 + 3)));
  EXPECT_EQ(flops(TangentMethod::structure, TangentOutputs::pairs),
            12 * (forward + 2 * backward) + 35 * (2 * 4 * (3 + 2) + 2 * (4 + 3)));
  auto wide = make_mlp<double>(ntk_mlp(400, {512, 512}, 10));
  std::vector<double> w(static_cast<std::size_t>(wide.parameter_count()));
  EXPECT_EQ(TangentKernel<double>(wide, w, Statistics::frozen, TangentMethod::cheapest,
                                  TangentOutputs::mean)
                .method(),
            TangentMethod::structure);
}

TEST(TangentKernel, RefusesBatchStatistics) {
  auto network = net_with_batch_norm();
  std::vector<double> w(static_cast<std::size_t>(network.parameter_count()));
  EXPECT_THROW(TangentKernel<double>(network, w, Statistics::batch, TangentMethod::structure,
                                     TangentOutputs::mean),
               ConfigurationError);
  w.pop_back();
  EXPECT_THROW(TangentKernel<double>(network, w, Statistics::frozen, TangentMethod::structure,
                                     TangentOutputs::mean),
               Error);
  EXPECT_THROW(static_cast<void>(tangent_method_named("guess")), Error);
  for (const auto& name : tangent_method_names()) {
    EXPECT_NO_THROW(static_cast<void>(tangent_method_named(name)));
  }
}

}  // namespace
}  // namespace thalweg
