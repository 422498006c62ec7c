#include "models/convolution_kernels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "support/alone.hpp"

namespace thalweg {
namespace {

template <class Real>
std::vector<Real> normals(std::int64_t count, std::uint64_t index) {
  Stream stream(21, Purpose::test, index);
  std::vector<Real> values(static_cast<std::size_t>(count));
  for (auto& value : values) value = static_cast<Real>(stream.normal());
  return values;
}

/// Images, weights and derivatives of one geometry, and the three products by their definition in
/// float64, with the sums of absolute terms that errors are measured against.
struct Direct {
  std::vector<double> out, d_in, gradient;
  std::vector<double> out_scale, d_in_scale, gradient_scale;
};

template <class Real>
Direct direct(const ConvolutionGeometry& g, std::int64_t images, const std::vector<Real>& in,
              const std::vector<Real>& weights, const std::vector<Real>& d_out) {
  Direct all;
  for (auto* out : {&all.out, &all.out_scale})
    out->resize(static_cast<std::size_t>(images * g.outputs()));
  for (auto* d_in : {&all.d_in, &all.d_in_scale})
    d_in->resize(static_cast<std::size_t>(images * g.inputs()));
  for (auto* sum : {&all.gradient, &all.gradient_scale})
    sum->resize(static_cast<std::size_t>(g.weights()));
  const auto add = [](std::vector<double>& sum, std::vector<double>& scale, std::size_t at,
                      double term) {
    sum[at] += term;
    scale[at] += std::abs(term);
  };
  for (std::int64_t image = 0; image < images; ++image)
    for (std::int64_t oy = 0; oy < g.out_height(); ++oy)
      for (std::int64_t ox = 0; ox < g.out_width(); ++ox)
        for (std::int64_t ky = 0; ky < g.kernel_height; ++ky)
          for (std::int64_t kx = 0; kx < g.kernel_width; ++kx) {
            const std::int64_t y = oy * g.stride + ky - g.padding;
            const std::int64_t x = ox * g.stride + kx - g.padding;
            if (y < 0 || y >= g.height || x < 0 || x >= g.width) continue;
            for (std::int64_t f = 0; f < g.filters; ++f)
              for (std::int64_t c = 0; c < g.channels; ++c) {
                const auto from = static_cast<std::size_t>(
                    ((image * g.height + y) * g.width + x) * g.channels + c);
                const auto to = static_cast<std::size_t>(
                    ((image * g.out_height() + oy) * g.out_width() + ox) * g.filters + f);
                const auto tap = static_cast<std::size_t>(
                    ((f * g.channels + c) * g.kernel_height + ky) * g.kernel_width + kx);
                const auto value = static_cast<double>(in[from]);
                const auto weight = static_cast<double>(weights[tap]);
                const auto d = static_cast<double>(d_out[to]);
                add(all.out, all.out_scale, to, value * weight);
                add(all.d_in, all.d_in_scale, from, d * weight);
                add(all.gradient, all.gradient_scale, tap, d * value);
              }
          }
  return all;
}

/// Largest |found − (start +) expected| over the sum of absolute terms.
template <class Real>
double largest_error(const std::vector<Real>& found, const std::vector<double>& expected,
                     const std::vector<double>& scale, const std::vector<Real>& start = {}) {
  double largest = 0.0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double before = start.empty() ? 0.0 : static_cast<double>(start[i]);
    const double error = std::abs(static_cast<double>(found[i]) - before - expected[i]);
    const double size = scale[i] + std::abs(before);
    if (!(error <= 1e3 * size))
      return 1e3;  // also where a NaN or a term that should not be is found
    if (size > 0.0) largest = std::max(largest, error / size);
  }
  return largest;
}

std::string name_of(const ConvolutionGeometry& g) {
  std::string name;
  for (const auto size : {g.channels, g.height, g.width, g.filters, g.kernel_height, g.kernel_width,
                          g.stride, g.padding}) {
    name += std::to_string(size) + " ";
  }
  return name;
}

template <class Real>
void check(const ConvolutionGeometry& g, std::int64_t images) {
  SCOPED_TRACE(name_of(g));
  const double tolerance = std::is_same_v<Real, double> ? 1e-14 : 2e-6;
  const auto in = normals<Real>(images * g.inputs(), 0);
  const auto weights = normals<Real>(g.weights(), 1);
  const auto d_out = normals<Real>(images * g.outputs(), 2);
  const Direct expected = direct(g, images, in, weights, d_out);
  ConvolutionKernels<Real> kernels(g);
  AlignedVector<Real> packed;
  kernels.pack_forward(weights.data(), packed);
  const auto out_start = normals<Real>(images * g.outputs(), 3);
  auto out = out_start;
  kernels.forward(packed, in.data(), images, out.data());
  EXPECT_LE(largest_error(out, expected.out, expected.out_scale), tolerance);
  auto more = out_start;
  kernels.forward(packed, in.data(), images, more.data(), true);
  EXPECT_LE(largest_error(more, expected.out, expected.out_scale, out_start), tolerance);

  kernels.pack_backward(weights.data(), packed);
  const auto in_start = normals<Real>(images * g.inputs(), 4);
  auto d_in = in_start;
  kernels.backward_data(packed, d_out.data(), images, d_in.data());
  EXPECT_LE(largest_error(d_in, expected.d_in, expected.d_in_scale), tolerance);
  d_in = in_start;
  kernels.backward_data(packed, d_out.data(), images, d_in.data(), true);
  EXPECT_LE(largest_error(d_in, expected.d_in, expected.d_in_scale, in_start), tolerance);

  const auto start = normals<Real>(g.weights(), 5);
  auto gradient = start;
  kernels.weight_gradient(in.data(), d_out.data(), images, gradient.data());
  EXPECT_LE(largest_error(gradient, expected.gradient, expected.gradient_scale), tolerance);
  auto added = start;
  kernels.weight_gradient(in.data(), d_out.data(), images, added.data(), true);
  for (std::size_t i = 0; i < added.size(); ++i) ASSERT_EQ(added[i], start[i] + gradient[i]) << i;

  // The same from planes.
  std::vector<Real> planes(in.size());
  for (std::int64_t image = 0; image < images; ++image)
    for (std::int64_t pixel = 0; pixel < g.height * g.width; ++pixel)
      for (std::int64_t c = 0; c < g.channels; ++c)
        planes[static_cast<std::size_t>((image * g.channels + c) * g.height * g.width + pixel)] =
            in[static_cast<std::size_t>((image * g.height * g.width + pixel) * g.channels + c)];
  ConvolutionKernels<Real> of_planes(g, ImageOrder::planes);
  of_planes.pack_forward(weights.data(), packed);
  std::vector<Real> again(out.size());
  of_planes.forward(packed, planes.data(), images, again.data());
  EXPECT_EQ(again, out);
  of_planes.weight_gradient(planes.data(), d_out.data(), images, added.data());
  EXPECT_EQ(added, gradient);
}

void check_both(const ConvolutionGeometry& g, std::int64_t images = 3) {
  check<float>(g, images);
  check<double>(g, images);
}

// Channels, height and width; filters, kernel, stride, padding.
TEST(ConvolutionKernels, AreTheDefinitionOnKnownLayers) {
  THALWEG_SKIP_UNLESS_ALONE();
  check_both({3, 32, 32, 64, 5, 5, 1, 2}, 1);
  check_both({64, 15, 15, 64, 5, 5, 1, 2}, 2);
  check_both({3, 16, 16, 16, 3, 3, 1, 1});
  check_both({16, 8, 8, 32, 3, 3, 2, 1});
  check_both({16, 8, 8, 32, 1, 1, 2, 0});
  check_both({32, 7, 7, 48, 1, 1, 1, 0});
  check_both({128, 4, 4, 256, 3, 3, 1, 1});
  check_both({300, 2, 2, 80, 3, 3, 1, 1}, 70);
}

TEST(ConvolutionKernels, AreTheDefinitionOnRandomGeometries) {
  THALWEG_SKIP_UNLESS_ALONE();
  Stream stream(22, Purpose::test, 0);
  const std::vector<std::int64_t> widths{1, 3, 16, 17, 64, 70};
  const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(stream.below(n)); };
  const auto pick = [&] { return widths[static_cast<std::size_t>(below(widths.size()))]; };
  int tried = 0;
  while (tried < 150) {
    const ConvolutionGeometry g{.channels = pick(),
                                .height = 1 + below(13),
                                .width = 1 + below(13),
                                .filters = pick(),
                                .kernel_height = 1 + below(5),
                                .kernel_width = 1 + below(6),
                                .stride = 1 + below(3),
                                .padding = below(4)};
    if (!g.is_valid()) continue;
    ++tried;
    check_both(g, 1 + below(4));
    if (HasFailure()) return;
  }
}

// The bits of an image are the same whatever goes with it, hence on any number of ranks.
TEST(ConvolutionKernels, ComputeImagesIndependently) {
  for (const ConvolutionGeometry& g : {ConvolutionGeometry{16, 5, 5, 24, 3, 3, 1, 1},
                                       ConvolutionGeometry{64, 9, 7, 64, 5, 5, 2, 2},
                                       ConvolutionGeometry{600, 2, 2, 70, 3, 3, 1, 1}}) {
    SCOPED_TRACE(name_of(g));
    constexpr std::int64_t images = 37;
    const auto in = normals<float>(images * g.inputs(), 0);
    const auto weights = normals<float>(g.weights(), 1);
    const auto d_out = normals<float>(images * g.outputs(), 2);
    ConvolutionKernels<float> kernels(g);
    AlignedVector<float> forward;
    AlignedVector<float> backward;
    kernels.pack_forward(weights.data(), forward);
    kernels.pack_backward(weights.data(), backward);
    std::vector<float> out(d_out.size());
    std::vector<float> d_in(in.size());
    kernels.forward(forward, in.data(), images, out.data());
    kernels.backward_data(backward, d_out.data(), images, d_in.data());
    std::vector<float> alone_out(d_out.size());
    std::vector<float> alone_d_in(in.size());
    for (std::int64_t image = 0; image < images; ++image) {
      kernels.forward(forward, in.data() + image * g.inputs(), 1,
                      alone_out.data() + image * g.outputs());
      kernels.backward_data(backward, d_out.data() + image * g.outputs(), 1,
                            alone_d_in.data() + image * g.inputs());
    }
    EXPECT_EQ(out, alone_out);
    EXPECT_EQ(d_in, alone_d_in);
  }
}

TEST(ConvolutionKernels, RefuseGeometriesWithoutOutput) {
  EXPECT_THROW(ConvolutionKernels<float>({3, 4, 4, 8, 5, 5, 1, 0}), Error);
  EXPECT_THROW(ConvolutionKernels<float>({3, 4, 4, 8, 3, 3, 0, 0}), Error);
  EXPECT_THROW(ConvolutionKernels<float>({0, 4, 4, 8, 3, 3, 1, 0}), Error);
  ConvolutionKernels<float> smallest({3, 4, 4, 8, 5, 5, 1, 1});
  EXPECT_EQ(smallest.geometry().out_height(), 2);
}

// No image: a gradient of zeros, and nothing to add.
TEST(ConvolutionKernels, GradientOfNoImagesIsZero) {
  ConvolutionKernels<double> kernels({2, 3, 3, 2, 3, 3, 1, 1});
  std::vector<double> gradient(36, 7.0);
  kernels.weight_gradient(nullptr, nullptr, 0, gradient.data(), true);
  EXPECT_EQ(gradient, std::vector<double>(36, 7.0));
  kernels.weight_gradient(nullptr, nullptr, 0, gradient.data());
  EXPECT_EQ(gradient, std::vector<double>(36, 0.0));
}

}  // namespace
}  // namespace thalweg
