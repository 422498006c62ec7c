#include "models/pooling_kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/philox.hpp"

namespace thalweg {
namespace {

/// Small whole numbers, so that windows have ties and sums are exact.
template <class Real>
std::vector<Real> whole_numbers(std::int64_t count, std::uint64_t index) {
  Stream stream(23, Purpose::test, index);
  std::vector<Real> values(static_cast<std::size_t>(count));
  for (auto& value : values) value = static_cast<Real>(stream.below(9)) - Real{4};
  return values;
}

/// Calls work(output, place, input) for every pixel of the image in every window, by definition.
template <class Work>
void for_taps(const PoolingGeometry& g, std::int64_t images, Work&& work) {
  for (std::int64_t i = 0; i < images; ++i)
    for (std::int64_t oy = 0; oy < g.out_height(); ++oy)
      for (std::int64_t ox = 0; ox < g.out_width(); ++ox)
        for (std::int64_t ky = 0; ky < g.window_height; ++ky)
          for (std::int64_t kx = 0; kx < g.window_width; ++kx)
            for (std::int64_t c = 0; c < g.channels; ++c) {
              const std::int64_t y = oy * g.stride + ky - g.padding;
              const std::int64_t x = ox * g.stride + kx - g.padding;
              if (y < 0 || y >= g.height || x < 0 || x >= g.width) continue;
              work(static_cast<std::size_t>(
                       ((i * g.out_height() + oy) * g.out_width() + ox) * g.channels + c),
                   ky * g.window_width + kx,
                   static_cast<std::size_t>(((i * g.height + y) * g.width + x) * g.channels + c));
            }
}

std::vector<PoolingGeometry> geometries() {
  std::vector<PoolingGeometry> all{{64, 32, 32, 3, 3, 2, 1},
                                   {16, 8, 8, 8, 8, 1, 0},
                                   {3, 6, 4, 2, 2, 2, 0},
                                   {2, 40, 3, 35, 2, 1, 1}};
  Stream stream(24, Purpose::test, 0);
  const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(stream.below(n)); };
  while (all.size() < 60) {
    const PoolingGeometry g{1 + below(80), 1 + below(9), 1 + below(9), 1 + below(4),
                            1 + below(4),  1 + below(3), below(3)};
    if (g.is_valid()) all.push_back(g);
  }
  return all;
}

template <class Real>
double largest_difference(const std::vector<Real>& found, const std::vector<double>& expected) {
  double largest = 0.0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i]) - expected[i]);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

template <class Real>
class PoolingKernels : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(PoolingKernels, Reals);

TYPED_TEST(PoolingKernels, MaximaAreTheFirstOfTheirWindows) {
  constexpr std::int64_t images = 2;
  for (const PoolingGeometry& g : geometries()) {
    const auto outputs = static_cast<std::size_t>(images * g.outputs());
    auto in = whole_numbers<TypeParam>(images * g.inputs(), 0);
    const auto d_out = whole_numbers<TypeParam>(images * g.outputs(), 1);
    std::vector<TypeParam> expected(outputs, -std::numeric_limits<TypeParam>::infinity());
    std::vector<std::uint16_t> expected_places(outputs);
    std::vector<std::size_t> inputs(outputs);
    for_taps(g, images, [&](std::size_t out, std::int64_t place, std::size_t from) {
      if (in[from] <= expected[out]) return;
      expected[out] = in[from];
      expected_places[out] = static_cast<std::uint16_t>(place);
      inputs[out] = from;
    });
    std::vector<TypeParam> out(outputs);
    std::vector<std::uint16_t> places(outputs);
    max_pool(g, in.data(), images, out.data(), places.data());
    ASSERT_EQ(out, expected);
    ASSERT_EQ(places, expected_places);

    std::vector<TypeParam> expected_d_in(in.size());
    for (std::size_t i = 0; i < outputs; ++i) expected_d_in[inputs[i]] += d_out[i];
    std::vector<TypeParam> d_in(in.size(), TypeParam{7});
    max_pool_backward(g, d_out.data(), places.data(), images, d_in.data());
    ASSERT_EQ(d_in, expected_d_in);

    const auto r_in = whole_numbers<TypeParam>(images * g.inputs(), 2);
    for (std::size_t i = 0; i < outputs; ++i) expected[i] = r_in[inputs[i]];
    max_pool_gather(g, r_in.data(), places.data(), images, out.data());
    ASSERT_EQ(out, expected);
  }
}

TYPED_TEST(PoolingKernels, AveragesCountThePadding) {
  constexpr std::int64_t images = 2;
  constexpr double tolerance = std::is_same_v<TypeParam, double> ? 1e-14 : 1e-5;
  for (const PoolingGeometry& g : geometries()) {
    const auto in = whole_numbers<TypeParam>(images * g.inputs(), 0);
    const auto d_out = whole_numbers<TypeParam>(images * g.outputs(), 1);
    const auto count = static_cast<double>(g.window_height * g.window_width);
    std::vector<double> expected(d_out.size());
    std::vector<double> expected_d_in(in.size());
    for_taps(g, images, [&](std::size_t out, std::int64_t /*place*/, std::size_t from) {
      expected[out] += static_cast<double>(in[from]) / count;
      expected_d_in[from] += static_cast<double>(d_out[out]) / count;
    });
    std::vector<TypeParam> out(d_out.size());
    average_pool(g, in.data(), images, out.data());
    EXPECT_LE(largest_difference(out, expected), 4.0 * tolerance);
    std::vector<TypeParam> d_in(in.size(), TypeParam{7});
    average_pool_backward(g, d_out.data(), images, d_in.data());
    EXPECT_LE(largest_difference(d_in, expected_d_in), 40.0 * tolerance);
  }
}

// A NaN stays visible, and its derivative is that of the first one.
TYPED_TEST(PoolingKernels, NanPassesThroughMaxima) {
  constexpr TypeParam nan = std::numeric_limits<TypeParam>::quiet_NaN();
  const PoolingGeometry g{1, 2, 6, 2, 2, 2, 0};
  const std::vector<TypeParam> in{nan, 1, 1, 2,   1, nan,  //
                                  5,   2, 3, nan, 1, nan};
  std::vector<TypeParam> out(3);
  std::vector<std::uint16_t> places(3);
  max_pool(g, in.data(), 1, out.data(), places.data());
  for (const auto value : out) EXPECT_TRUE(std::isnan(value));
  EXPECT_EQ(places, (std::vector<std::uint16_t>{0, 3, 1}));
}

TEST(PoolingGeometry, KnowsWhatIsValid) {
  EXPECT_TRUE((PoolingGeometry{1, 4, 4, 3, 3, 2, 1}.is_valid()));
  EXPECT_FALSE((PoolingGeometry{1, 4, 4, 3, 3, 2, 2}.is_valid()));  // windows of padding alone
  EXPECT_FALSE((PoolingGeometry{1, 4, 4, 5, 3, 1, 0}.is_valid()));  // larger than the image
  EXPECT_FALSE((PoolingGeometry{1, 4, 4, 3, 3, 0, 0}.is_valid()));
  EXPECT_FALSE((PoolingGeometry{1, 999, 999, 300, 300, 1, 0}.is_valid()));  // places overflow
}

}  // namespace
}  // namespace thalweg
