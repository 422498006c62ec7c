#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "base/philox.hpp"
#include "kernels/duals.hpp"
#include "kernels/fully_connected.hpp"
#include "kernels/fully_connected_tiles.hpp"

namespace thalweg {
namespace {

double pair_value(const FullyConnectedKernel& kernel, const std::vector<double>& x,
                  const std::vector<double>& z) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  std::vector<double> rows(x);
  rows.insert(rows.end(), z.begin(), z.end());
  const Samples<double> samples{rows, {1, 1, static_cast<std::int64_t>(x.size())}};
  const SampleVariances<double> variances(kernel, samples.features(),
                                          squared_norms(comm, SamplePanels<double>(samples, 16)));
  std::vector<double> tile(256);
  FullyConnectedTiles<double>(comm, kernel, samples, samples, 16).compute(0, 0, tile.data());
  // A pair does not know which of its two is the row; a sample with itself is what its variances
  // say.
  EXPECT_EQ(tile[1], tile[16]);
  EXPECT_EQ(tile[0], variances.self(0));
  return tile[1];
}

void expect_relative(double value, double expected, double tolerance) {
  EXPECT_NEAR(value / expected, 1.0, tolerance) << value << " against " << expected;
}

struct DualRow {
  double q11, q12, q22, value, derivative;
};

// By quadrature with many digits.
TEST(ErfDual, ValuesComputedToManyDigits) {
  for (const auto& row : {DualRow{1, .5, 1, .21634689593878546, .45015815807855303},
                          DualRow{2, .5, 1, .16625797148119024, .3402875819779294},
                          DualRow{1, -.3, .5, -.15754242542404433, .53613056428828863}}) {
    const auto dual = erf_dual(row.q11, row.q12, row.q22);
    expect_relative(dual.value, row.value, 4e-15);
    expect_relative(dual.derivative, row.derivative, 4e-15);
    const auto single = erf_dual(static_cast<float>(row.q11), static_cast<float>(row.q12),
                                 static_cast<float>(row.q22));
    EXPECT_NEAR(static_cast<double>(single.value), row.value, 3e-7);
  }
}

TEST(GeluDual, ValuesComputedToManyDigits) {
  for (const auto& row : {DualRow{1, .5, 1, .22729491502199154, .34226724245944311},
                          DualRow{2, .5, 1, .27133754627399259, .31614389022686776},
                          DualRow{1, -.3, .5, -.018639534330941646, .18002105099055935}}) {
    const auto dual = gelu_dual(row.q11, row.q12, row.q22);
    expect_relative(dual.value, row.value, 2e-14);
    expect_relative(dual.derivative, row.derivative, 4e-15);
  }
}

// A slope of 0 is the ReLU, of 1 the identity; |x|² of a Gaussian with itself has mean q.
TEST(RectifierDual, BetweenReluAndIdentity) {
  const auto relu = relu_dual(2.0, 0.5, 1.0);
  const auto same = rectifier_dual(0.0, 1.0, 2.0, 0.5, 1.0);
  EXPECT_EQ(relu.value, same.value);
  EXPECT_EQ(relu.derivative, same.derivative);
  EXPECT_NEAR(rectifier_dual(1.0, 1.0, 2.0, 0.5, 1.0).value, 0.5, 1e-15);
  EXPECT_NEAR(rectifier_dual(1.0, 1.0, 2.0, 0.5, 1.0).derivative, 1.0, 1e-15);
  EXPECT_NEAR(rectifier_dual(-1.0, 1.0, 3.0, 3.0, 3.0).value, 3.0, 1e-15);
  // E|u||v| = (2/π)(√(1−ρ²) + ρ asin ρ) for unit variances.
  const double rho = -0.3;
  EXPECT_NEAR(rectifier_dual(-1.0, 1.0, 1.0, rho, 1.0).value,
              2.0 / M_PI * (std::sqrt(1 - rho * rho) + rho * std::asin(rho)), 1e-15);
}

// The duals as means over Gaussian pairs: an independent way to the same numbers.
TEST(Duals, AreMeansOverGaussianPairs) {
  constexpr int n = 400000;
  Stream stream(2, Purpose::test, 0);
  std::array<double, 3> means{};
  const double slope = 0.2;
  for (int i = 0; i < n; ++i) {
    const double u = stream.normal();
    const double v = 0.5 * u + std::sqrt(0.75) * stream.normal();
    const auto leaky = [slope](double x) { return x < 0 ? slope * x : x; };
    const auto gelu = [](double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); };
    means[0] += leaky(u) * leaky(v) / n;
    means[1] += std::erf(u) * std::erf(v) / n;
    means[2] += gelu(u) * gelu(v) / n;
  }
  EXPECT_NEAR(rectifier_dual(slope, 1.0, 1.0, 0.5, 1.0).value, means[0], 6e-3);
  EXPECT_NEAR(erf_dual(1.0, 0.5, 1.0).value, means[1], 4e-3);
  EXPECT_NEAR(gelu_dual(1.0, 0.5, 1.0).value, means[2], 6e-3);
}

TEST(FullyConnected, DeepErfAndGeluKernels) {
  FullyConnectedKernel kernel;
  kernel.depth = 2;
  kernel.weight_variance = 2.25;
  kernel.bias_variance = .0025;
  kernel.activation = Activation::erf;
  expect_relative(pair_value(kernel, {1, 2, 3}, {-1, .5, 2}), 2.314951387680629, 1e-13);
  kernel.activation = Activation::gelu;
  expect_relative(pair_value(kernel, {1, 2, 3}, {-1, .5, 2}), 14.02023762567141, 1e-13);
}

// erf nets, input scaled by 1/d, σ_w² and σ_b² on every dense layer: recursion in 40-digit
// arithmetic.
TEST(FullyConnected, ErfAgainstFortyDigits) {
  struct Row {
    std::int64_t depth;
    double weight_variance, bias_variance;
    std::vector<double> x, y;
    double nngp, ntk;
  };
  const std::vector<Row> rows{{1,
                               1.5,
                               0,
                               {-0.648, -0.536, -0.533, -0.03, 0.178},
                               {-0.475, -0.992, -0.162, -0.261, 0.133},
                               0.328872139318513395,
                               0.671394462557804885},
                              {1,
                               1.5,
                               0.25,
                               {0.906, 0.381, 0.031, 0.235, 0.352},
                               {-0.892, 0.799, 0.56, 0.749, 0.596},
                               0.412039910052927912,
                               0.575653200398579791},
                              {2,
                               1.5,
                               0,
                               {-0.215, -0.202, -0.793, 0.269, -0.876},
                               {-0.865, -0.582, -0.675, -0.32, -0.895},
                               0.392042212016390105,
                               1.25184720205873396},
                              {2,
                               1.5,
                               0.25,
                               {-1.0, -0.697, -0.797, -0.273, -0.949},
                               {0.749, 0.228, -0.703, -0.495, -0.305},
                               0.549552170947610466,
                               0.993259482215238164},
                              {3,
                               1.5,
                               0,
                               {-0.272, -0.754, 0.698, 0.986, -0.068},
                               {-0.032, -0.828, -0.796, -0.315, -0.47},
                               -0.0474772703001030073,
                               -0.190166749219074902},
                              {3,
                               1.5,
                               0.25,
                               {0.658, -0.677, -0.954, 0.902, 0.057},
                               {-0.707, 0.086, -0.946, 0.056, 0.957},
                               0.657589488070180189,
                               1.49017954672705675},
                              {5,
                               1.5,
                               0,
                               {0.727, 0.392, -0.478, -0.267, -0.666},
                               {0.544, 0.065, 0.558, -0.341, -0.554},
                               0.21223661863269361,
                               1.32936212212443186},
                              {5,
                               1.5,
                               0.25,
                               {0.623, 0.97, 0.705, 0.612, 0.637},
                               {0.48, -0.547, 0.035, -0.289, -0.942},
                               0.672698837979275351,
                               1.60491881065863446},
                              {10,
                               1.5,
                               0,
                               {-0.944, -0.441, -0.482, 0.385, 0.913},
                               {-0.106, 0.874, 0.976, 0.91, -0.271},
                               -0.0817726218988538428,
                               -0.915299250477876275},
                              {10,
                               1.5,
                               0.25,
                               {-0.559, -0.546, -0.607, -0.591, 0.248},
                               {0.801, 0.681, -0.041, 0.306, 0.599},
                               0.82996430538952739,
                               3.24915354917336874}};
  for (const auto& row : rows) {
    FullyConnectedKernel kernel;
    kernel.depth = row.depth;
    kernel.weight_variance = row.weight_variance;
    kernel.bias_variance = row.bias_variance;
    kernel.activation = Activation::erf;
    expect_relative(pair_value(kernel, row.x, row.y), row.ntk, 1e-12);
    kernel.first_trained = row.depth;
    expect_relative(pair_value(kernel, row.x, row.y), row.nngp, 1e-12);
  }
}

TEST(Activations, NearlyCollinearInputsKeepTheirAngle) {
  // x = (1, 2, 3) and ±(1.7 + 1e-7, 3.4, 5.1), depth 3, σ_w² = 2: recursion with 60 digits.
  struct Row {
    Activation activation;
    double slope;
    double bias_variance;
    double near;
    double back;
  };
  using enum Activation;
  for (const Row& row : {Row{relu, 0, 0, 63.466666474260285562, 10.879910384997101078},
                         Row{leaky_relu, .5, 0, 123.95833367484125149, -67.854621214805001506},
                         Row{leaky_relu, -.5, 0, 123.95833224023799514, 66.516365569292900962},
                         Row{abs, 0, 0, 507.73332812149796791, 507.73332812149796791},
                         Row{erf, 0, 0, 8.4413476781153279543, -8.4413476781153279543},
                         Row{gelu, 0, 0, 64.066173716507207666, 9.995206079015885158},
                         Row{relu, 0, .25, 63.019629662558713911, 11.802687759021124476},
                         Row{leaky_relu, .5, .25, 126.8650840572259509, -65.783208930715398291},
                         Row{leaky_relu, -.5, .25, 118.4944744755361627, 64.734097436027553699},
                         Row{abs, 0, .25, 481.77846703441581114, 401.55699299447682252},
                         Row{erf, 0, .25, 8.0388130959835174586, -2.3265451546192580633},
                         Row{gelu, 0, .25, 65.642319009784583482, 11.030228606367272656}}) {
    FullyConnectedKernel kernel;
    kernel.activation = row.activation;
    kernel.negative_slope = row.slope;
    kernel.bias_variance = row.bias_variance;
    const std::vector<double> x{1, 2, 3};
    expect_relative(pair_value(kernel, x, {1.7 + 1e-7, 3.4, 5.1}), row.near, 5e-15);
    expect_relative(pair_value(kernel, x, {-1.7 - 1e-7, -3.4, -5.1}), row.back, 1e-14);
  }
}

}  // namespace
}  // namespace thalweg
