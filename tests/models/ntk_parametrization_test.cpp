#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/philox.hpp"
#include "models/mlp.hpp"

namespace thalweg {
namespace {

MlpOptions options_of(Parametrization parametrization) {
  MlpOptions options;
  options.inputs = 5;
  options.widths = {7, 6};
  options.outputs = 3;
  options.batch_norm = BatchNormKind::none;
  options.parametrization = parametrization;
  options.weight_std = 1.5;
  options.bias_std = .25;
  return options;
}

/// What a network gives and its derivatives at a point, on one rank.
struct Derivatives {
  std::vector<double> outputs, moved, gradient, product;
};

Derivatives derivatives(Network<double>& network, const std::vector<double>& w,
                        const std::vector<double>& v) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  constexpr std::int64_t rows = 4;
  const BatchLayout layout(self, rows, rows);
  ShardGemm<double> gemm;
  const Pass<double> pass{layout, gemm};
  Stream stream(8, Purpose::test, 0);
  std::vector<double> in(static_cast<std::size_t>(rows * network.inputs()));
  for (auto& value : in) value = stream.normal();
  const std::int64_t size = rows * network.outputs();
  Derivatives found;
  const double* f = network.forward(pass, w, in.data());
  found.outputs.assign(f, f + size);
  AlignedVector<double> d(static_cast<std::size_t>(size));
  AlignedVector<double> r_d(d.size());
  for (std::size_t i = 0; i < d.size(); ++i) {
    d[i] = stream.normal();
    r_d[i] = stream.normal();
  }
  GradientTree<double> tree;
  tree.reset(layout, network.parameter_count());
  network.backward(pass, w, in.data(), d.data(), tree);
  found.gradient.assign(tree.node_sums()[0].begin(), tree.node_sums()[0].end());
  const double* r = network.r_forward(pass, w, v, in.data());
  found.moved.assign(r, r + size);
  network.keep_deltas(pass, w, in.data(), d.data());
  network.r_backward(pass, w, v, in.data(), d.data(), r_d.data(), tree);
  found.product.assign(tree.node_sums()[0].begin(), tree.node_sums()[0].end());
  return found;
}

// The NTK parametrisation is the standard one with weights s·W, s = σ_w/√n_in or σ_b: outputs are
// equal, and every derivative follows by the chain rule.
TEST(NtkParametrization, IsTheStandardOneWithScaledParameters) {
  auto ntk = make_mlp<double>(options_of(Parametrization::ntk));
  auto standard = make_mlp<double>(options_of(Parametrization::standard));
  EXPECT_EQ(ntk.parameter_count(), standard.parameter_count());
  std::vector<double> w(static_cast<std::size_t>(ntk.parameter_count()));
  ntk.initialise(std::span<double>(w), 2);
  std::vector<double> scale(w.size());
  for (const auto& block : ntk.parameters()) {
    const double s =
        block.shape.size() == 2 ? 1.5 / std::sqrt(static_cast<double>(block.shape[1])) : .25;
    for (std::int64_t i = 0; i < block.count(); ++i) {
      scale[static_cast<std::size_t>(block.offset + i)] = s;
    }
  }
  Stream stream(8, Purpose::test, 1);
  std::vector<double> v(w.size());
  for (auto& value : v) value = stream.normal();
  std::vector<double> scaled_w(w.size());
  std::vector<double> scaled_v(w.size());
  for (std::size_t i = 0; i < w.size(); ++i) {
    scaled_w[i] = scale[i] * w[i];
    scaled_v[i] = scale[i] * v[i];
  }
  const auto a = derivatives(ntk, w, v);
  const auto b = derivatives(standard, scaled_w, scaled_v);
  for (std::size_t i = 0; i < a.outputs.size(); ++i) {
    EXPECT_NEAR(a.outputs[i], b.outputs[i], 1e-12);
    EXPECT_NEAR(a.moved[i], b.moved[i], 1e-12);
  }
  for (std::size_t i = 0; i < w.size(); ++i) {
    EXPECT_NEAR(a.gradient[i], scale[i] * b.gradient[i], 1e-12);
    EXPECT_NEAR(a.product[i], scale[i] * b.product[i], 1e-12);
  }
}

TEST(NtkParametrization, StartsFromStandardNormals) {
  MlpOptions options = options_of(Parametrization::ntk);
  options.widths = {300, 200};
  const auto network = make_mlp<double>(options);
  std::vector<double> w(static_cast<std::size_t>(network.parameter_count()));
  network.initialise(std::span<double>(w), 4);
  for (const auto& block : network.parameters()) {
    if (block.count() < 200) continue;
    double square = 0.0;
    for (std::int64_t i = 0; i < block.count(); ++i) {
      const double value = w[static_cast<std::size_t>(block.offset + i)];
      square += value * value;
    }
    const auto n = static_cast<double>(block.count());
    EXPECT_NEAR(square / n, 1.0, 5.0 * std::sqrt(2.0 / n)) << block.name;
  }
  options.bias_std = 0.0;  // then there are no biases
  EXPECT_EQ(make_mlp<double>(options).parameter_count(), 5 * 300 + 300 * 200 + 200 * 3);
  options.batch_norm = BatchNormKind::batch;
  EXPECT_THROW(make_mlp<double>(options), Error);
}

}  // namespace
}  // namespace thalweg
