#include "kernels/fully_connected.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "base/philox.hpp"
#include "kernels/duals.hpp"
#include "kernels/fully_connected_tiles.hpp"

namespace thalweg {
namespace {

/// Kernel value of two inputs, through the tile path.
template <class Real>
double pair_value(const FullyConnectedKernel& kernel, const std::vector<double>& x,
                  const std::vector<double>& z) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  std::vector<Real> rows(x.begin(), x.end());
  rows.insert(rows.end(), z.begin(), z.end());
  const Samples<Real> samples{rows, {1, 1, static_cast<std::int64_t>(x.size())}};
  const SampleVariances<Real> variances(kernel, samples.features(),
                                        squared_norms(comm, SamplePanels<Real>(samples, 16)));
  std::vector<Real> tile(256);
  FullyConnectedTiles<Real>(comm, kernel, samples, samples, 16).compute(0, 0, tile.data());
  EXPECT_EQ(tile[1], tile[16]);
  EXPECT_EQ(tile[0], variances.self(0));
  EXPECT_EQ(tile[17], variances.self(1));
  return static_cast<double>(tile[1]);
}

FullyConnectedKernel ntk(std::int64_t depth, double weight_variance, double bias_variance) {
  FullyConnectedKernel kernel;
  kernel.depth = depth;
  kernel.weight_variance = weight_variance;
  kernel.bias_variance = bias_variance;
  return kernel;
}
FullyConnectedKernel nngp(std::int64_t depth, double weight_variance, double bias_variance) {
  FullyConnectedKernel kernel = ntk(depth, weight_variance, bias_variance);
  kernel.first_trained = depth;
  return kernel;
}

void expect_relative(double value, double expected, double tolerance) {
  EXPECT_NEAR(value / expected, 1.0, tolerance) << value << " against " << expected;
}

TEST(Arctangent, KeepsItsPromisedAccuracyOverTheQuadrant) {
  double worst_double = 0.0;
  double worst_float = 0.0;
  Stream stream(1, Purpose::test, 0);
  for (int i = 0; i < 200000; ++i) {
    const double angle = M_PI_2 * stream.uniform();
    const double radius = std::exp(20.0 * stream.uniform() - 10.0);
    const double s = radius * std::sin(angle);
    const double c = radius * std::cos(angle);
    const long double exact = std::atan2(static_cast<long double>(s), static_cast<long double>(c));
    worst_double =
        std::max(worst_double, static_cast<double>(std::abs(first_quadrant_angle(s, c) - exact)));
    const auto sf = static_cast<float>(s);
    const auto cf = static_cast<float>(c);
    worst_float = std::max(worst_float,
                           std::abs(static_cast<double>(first_quadrant_angle(sf, cf)) -
                                    std::atan2(static_cast<double>(sf), static_cast<double>(cf))));
  }
  EXPECT_LE(worst_double, 1e-15);
  EXPECT_LE(worst_float, 2e-7);
}

TEST(Arctangent, CornersAndSmallAngles) {
  EXPECT_EQ(first_quadrant_angle(0.0, 1.0), 0.0);
  EXPECT_EQ(first_quadrant_angle(1.0, 0.0), M_PI_2);
  EXPECT_EQ(first_quadrant_angle(0.0, 0.0), M_PI_2);
  EXPECT_EQ(first_quadrant_angle(1.0, 1.0), M_PI_4);
  EXPECT_EQ(first_quadrant_angle(1e-200, 1.0), 1e-200);
}

TEST(ReluDual, ValuesComputedToManyDigits) {
  // E[φφ] and E[φ'φ'] at (q11, q12, q22), by quadrature with many digits.
  const std::array<std::array<double, 5>, 3> table{{
      {1, .5, 1, .30449889052211468, .33333333333333333},
      {2, .5, 1, .36429888169422318, .30751336404065397},
      {1, -.3, .5, .047828962570413896, .18026641597160726},
  }};
  for (const auto& [q11, q12, q22, value, derivative] : table) {
    const auto dual = relu_dual(q11, q12, q22);
    expect_relative(dual.value, value, 2e-15);
    expect_relative(dual.derivative, derivative, 2e-15);
    const auto single =
        relu_dual(static_cast<float>(q11), static_cast<float>(q12), static_cast<float>(q22));
    EXPECT_NEAR(static_cast<double>(single.value), value, 1e-7);
    EXPECT_NEAR(static_cast<double>(single.derivative), derivative, 1e-7);
  }
}

TEST(ReluDual, EqualOppositeAndZeroInputs) {
  for (const double q : {1.0, 0.1, 1.0 / 3.0, 7e-5}) {
    EXPECT_EQ(relu_dual(q, q, q).value, 0.5 * q);
    EXPECT_EQ(relu_dual(q, q, q).derivative, 0.5);
    EXPECT_EQ(relu_dual(q, -q, q).value, 0.0);
    EXPECT_EQ(relu_dual(q, -q, q).derivative, 0.0);
  }
  EXPECT_EQ(relu_dual(1.0, 0.0, 0.0).value, 0.0);
  EXPECT_EQ(relu_dual(0.0, 0.0, 0.0).derivative, 0.25);
  // A covariance that rounding has pushed beyond the variances.
  EXPECT_EQ(relu_dual(1.0F, 1.0000001F, 1.0F).derivative, 0.5F);
}

TEST(FullyConnected, AnglesOfTwoUnitVectorsToFifteenDigits) {
  const std::array<double, 5> expected{1.100447226585993, 1.54441630067721, 1.952286685184652,
                                       2.335131760564936, 2.699593387438731};
  for (std::int64_t depth = 1; depth <= 5; ++depth) {
    expect_relative(pair_value<double>(ntk(depth, 2, 0), {1, 0}, {.6, .8}),
                    expected[static_cast<std::size_t>(depth - 1)], 1e-14);
  }
  expect_relative(pair_value<double>(nngp(1, 2, 0), {1, 0}, {.6, .8}), .6775475677665126, 1e-14);
  expect_relative(pair_value<double>(ntk(2, 2.25, .0025), {1, 2, 3}, {-1, .5, 2}), 14.4018700458198,
                  1e-13);
}

TEST(FullyConnected, NngpAndNtkAgainstFortyDigits) {
  struct Row {
    std::int64_t depth;
    double bias_variance;
    std::vector<double> x;
    std::vector<double> y;
    double nngp;
    double ntk;
  };
  // σ_w² = 2 and σ_b² on every dense layer, input scaled by 1/d; recursion in 40-digit arithmetic.
  const std::vector<Row> rows{
      {1,
       0,
       {-0.352, -0.698, 0.302, -0.855, 0.072},
       {-0.269, -0.884, 0.015, -0.925, -0.133},
       0.601139381217056759,
       1.13961973850270732},
      {1,
       .25,
       {-0.86, -0.819, -0.151, 0.654, -0.752},
       {-0.554, 0.255, 0.895, 0.154, -0.207},
       0.784335547859647243,
       1.04377089175301748},
      {2,
       0,
       {0.953, -0.907, 0.717, -0.421, -0.711},
       {-0.764, -0.383, 0.632, -0.639, 0.163},
       0.45124801970972218,
       0.67954959773791217},
      {2,
       .25,
       {0.278, -0.255, 0.095, -0.874, -0.881},
       {-0.588, 0.361, -0.145, -0.372, 0.171},
       0.905204040715992423,
       1.41331558362191022},
      {3,
       0,
       {-0.094, -0.4, 0.589, 0.398, -0.512},
       {0.149, 0.05, 0.75, 0.459, -0.424},
       0.340948223377823757,
       1.0395502454234509},
      {3,
       .25,
       {0.96, -0.764, -0.164, 0.514, -0.696},
       {-0.022, -0.922, 0.336, 0.529, 0.146},
       1.46935520035004895,
       3.22749276243764087},
      {5,
       0,
       {0.751, -0.373, 0.391, 0.189, 0.16},
       {-0.088, 0.68, 0.889, -0.052, 0.328},
       0.33317427502481969,
       0.828724000842215517},
      {5,
       .25,
       {-0.879, 0.403, 0.294, 0.986, 0.644},
       {-0.431, -0.228, 0.337, -0.955, -0.077},
       1.90949230929152908,
       4.61429779686777251},
      {10,
       0,
       {-0.664, -0.766, -0.882, 0.536, -0.741},
       {-0.505, -0.218, 0.743, -0.839, -0.102},
       0.703856681914567576,
       2.71069189956909588},
      {10,
       .25,
       {0.099, 0.767, 0.639, 0.728, -0.443},
       {-0.169, -0.282, 0.768, 0.915, -0.698},
       3.39903154151826896,
       16.2493054873244555},
  };
  for (const Row& row : rows) {
    expect_relative(pair_value<double>(nngp(row.depth, 2, row.bias_variance), row.x, row.y),
                    row.nngp, 1e-12);
    expect_relative(pair_value<double>(ntk(row.depth, 2, row.bias_variance), row.x, row.y), row.ntk,
                    1e-12);
    expect_relative(pair_value<float>(ntk(row.depth, 2, row.bias_variance), row.x, row.y), row.ntk,
                    2e-5);
  }
}

TEST(FullyConnected, NumbersOfOneDimensionHaveTheKernelOfTheirProduct) {
  // Depth 2 and σ_w² = 2: Θ = 3 · 2 x x' for equal signs, and |x x'| 2/π for opposite ones, which
  // the first layer makes perpendicular; of rank 2.
  for (const double x : {1.0, 3.1, -7.7, 1e-3, -250.0}) {
    for (const double z : {0.3, -0.3, 12.9, 1.0 / 3.0, -1e4}) {
      const double exact = x * z > 0 ? 6 * x * z : -2 * x * z / M_PI;
      const double size = 6 * std::abs(x * z);
      EXPECT_NEAR(pair_value<double>(ntk(2, 2, 0), {x}, {z}) / size, exact / size, 1e-15);
      EXPECT_NEAR(pair_value<float>(ntk(2, 2, 0), {x}, {z}) / size, exact / size, 4e-7);
    }
  }
}

/// Θ of the ReLU net without bias between inputs an angle apart, over √(Θ(x, x) Θ(z, z)): 1 − cos
/// of each layer's angle without cancellation, in long double.
long double reference(std::int64_t depth, long double angle) {
  const long double pi = std::acos(-1.0L);
  long double k = std::cos(angle);
  long double theta = k;
  for (std::int64_t l = 0; l < depth; ++l) {
    const long double moved =
        angle < 0.1L ? std::pow(angle, 3) * (1.0L / 3 - std::pow(angle, 2) / 30 +
                                             std::pow(angle, 4) / 840 - std::pow(angle, 6) / 45360)
                     : std::sin(angle) - angle * std::cos(angle);
    const long double derivative = 1 - angle / pi;
    const long double half = std::sin(angle / 2);
    const long double gap = 2 * half * half - moved / pi;
    k = 1 - gap;
    theta = theta * derivative + k;
    angle = 2 * std::asin(std::sqrt(gap / 2));
  }
  return theta / static_cast<long double>(depth + 1);
}

TEST(FullyConnected, NearlyCollinearInputsKeepTheirAngle) {
  for (const std::int64_t depth : {1, 2, 6}) {
    for (const double angle : {0.0, 1e-12, 1e-8, 3e-6, 1e-4, 0.01, 0.0883, 0.0885, 0.5}) {
      for (const double size : {1.0, 3.7, 0.013}) {
        // In the plane of (3, 4, 0) and (0, 0, 1), neither an axis nor of norm 1.
        const std::vector<double> x{0.6, 0.8, 0.0};
        const std::vector<double> z{size * 0.6 * std::cos(angle), size * 0.8 * std::cos(angle),
                                    size * std::sin(angle)};
        const auto exact = static_cast<double>(reference(depth, angle));
        FullyConnectedKernel kernel = ntk(depth, 2, 0);
        kernel.input_scaling = false;
        const double whole = size * static_cast<double>(depth + 1);
        const auto message = ::testing::Message() << depth << " " << angle << " " << size;
        EXPECT_NEAR(pair_value<double>(kernel, x, z) / whole, exact, 4e-15) << message;
        EXPECT_NEAR(pair_value<float>(kernel, x, z) / whole, exact, 2e-6) << message;
        // From opposite sides the ReLU's kernel has lost the first layers: all is small there.
        const std::vector<double> back{-z[0], -z[1], -z[2]};
        EXPECT_NEAR(pair_value<double>(kernel, x, back) / whole,
                    static_cast<double>(reference(depth, std::acos(-1.0L) - angle)), 4e-15)
            << message;
      }
    }
  }
}

TEST(FullyConnected, UnscaledConventionIsHalfTheFeaturesTimesTheScaledOne) {
  // Arora et al. 2019: Θ(x, x) = depth + 1 for unit vectors, and scaled = (2/d) · unscaled.
  for (std::int64_t depth = 0; depth <= 6; ++depth) {
    FullyConnectedKernel unscaled = ntk(depth, 2, 0);
    unscaled.input_scaling = false;
    EXPECT_EQ(pair_value<double>(unscaled, {1, 0, 0}, {1, 0, 0}), static_cast<double>(depth + 1));
    const double scaled = pair_value<double>(ntk(depth, 2, 0), {.1, .7, -.3}, {.5, .2, .9});
    expect_relative(pair_value<double>(unscaled, {.1, .7, -.3}, {.5, .2, .9}), 1.5 * scaled, 1e-14);
  }
}

TEST(FullyConnected, LayersTrainedFromTheMiddleAddUp) {
  // Θ is linear in what the layers contribute: fixing the first j takes away exactly their parts,
  // so the values fall from the NTK (j = 0) to the NNGP (j = depth).
  const std::vector<double> x{.4, -.2, .9};
  const std::vector<double> z{.3, .5, .6};
  FullyConnectedKernel kernel = ntk(3, 2, .1);
  double previous = pair_value<double>(kernel, x, z);
  for (std::int64_t j = 1; j <= 3; ++j) {
    kernel.first_trained = j;
    const double value = pair_value<double>(kernel, x, z);
    EXPECT_LT(value, previous);
    previous = value;
  }
  EXPECT_EQ(previous, pair_value<double>(nngp(3, 2, .1), x, z));
  // One hidden layer, all trained: Θ = K₁ + σ_w² K₀ E[φ'φ'] by hand.
  const double q = 2.0 / 3.0;
  const double k11 = q * 1.01 + .1;
  const double k12 = q * .56 + .1;
  const double k22 = q * .70 + .1;
  const auto dual = relu_dual(k11, k12, k22);
  expect_relative(pair_value<double>(ntk(1, 2, .1), x, z),
                  2 * dual.value + .1 + 2 * k12 * dual.derivative, 1e-14);
}

TEST(FullyConnected, ZeroInputsGiveNumbers) {
  EXPECT_EQ(pair_value<double>(ntk(3, 2, 0), {0, 0}, {1, 2}), 0.0);
  EXPECT_EQ(pair_value<double>(ntk(3, 2, 0), {0, 0}, {0, 0}), 0.0);
  EXPECT_GT(pair_value<double>(ntk(3, 2, .5), {0, 0}, {1, 2}), 0.5);
}

TEST(FullyConnected, SelfValuesInSinglePrecisionLoseNothingToTheAngle) {
  // With acos of a rounded correlation this is off by 1e-4 (θ = 3e-4 instead of 0).
  Stream stream(3, Purpose::test, 0);
  std::vector<double> x(784);
  for (double& value : x) value = static_cast<double>(static_cast<float>(stream.normal()));
  double norm = 0.0;
  for (const double value : x) norm += value * value;
  FullyConnectedKernel unscaled = ntk(5, 2, 0);
  unscaled.input_scaling = false;
  expect_relative(pair_value<float>(unscaled, x, x), 6.0 * norm, 1e-6);
}

}  // namespace
}  // namespace thalweg
