#include "models/convolution_kernels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/error.hpp"

namespace thalweg {

namespace {

/// Padded images that are worked on together, so that they stay in the second-level cache beside
/// the weights.
constexpr std::int64_t kBlockBytes = std::int64_t{256} << 10;
/// Output pixels whose weight gradients are added up in registers: long enough for the loads and
/// stores of sums not to count, short enough for d_out to stay in cache, and for accuracy.
constexpr std::int64_t kSectionPixels = 64;

std::int64_t ceiling(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Images of so many numbers that are worked on together.
template <class Real>
std::int64_t block_of(std::int64_t numbers) {
  return std::max<std::int64_t>(1,
                                kBlockBytes / (numbers * static_cast<std::int64_t>(sizeof(Real))));
}

}  // namespace

template <class Real>
ConvolutionKernels<Real>::ConvolutionKernels(const ConvolutionGeometry& geometry,
                                             ImageOrder input_order)
    : geometry_(geometry),
      input_order_(input_order),
      padded_height_(geometry.height + 2 * geometry.padding),
      padded_width_(geometry.width + 2 * geometry.padding) {
  if (!geometry.is_valid()) {
    throw Error(fmt::format(
        "convolution of {} x {} x {} by {} filters of {} x {} with stride {} and padding {} has no "
        "output",
        geometry.height, geometry.width, geometry.channels, geometry.filters,
        geometry.kernel_height, geometry.kernel_width, geometry.stride, geometry.padding));
  }
  plan_forward();
  plan_backward();
}

template <class Real>
void ConvolutionKernels<Real>::plan_forward() {
  const auto& g = geometry_;
  const std::int64_t image = padded_height_ * padded_width_ * g.channels;
  const std::int64_t out_pixels = g.out_height() * g.out_width();
  section_rows_ = std::clamp<std::int64_t>(kSectionPixels / g.out_width(), 1, g.out_height());
  section_images_ = std::max<std::int64_t>(1, kSectionPixels / out_pixels);
  forward_block_ = std::max(block_of<Real>(image), section_images_);
  forward_.plan = TapPlan::of(g.kernel_height, g.kernel_width * g.channels,
                              padded_width_ * g.channels, g.filters);
  auto& plan = forward_.plan;
  plan.inner = g.channels;
  plan.output_stride = g.channels * g.kernel_height * g.kernel_width;
  for (std::int64_t pixel = 0; pixel < g.kernel_height * g.kernel_width; ++pixel) {
    for (std::int64_t c = 0; c < g.channels; ++c) {
      plan.tap_offset.push_back(c * g.kernel_height * g.kernel_width + pixel);
    }
  }
  forward_.pixels_an_image = out_pixels;
  for (std::int64_t i = 0; i < forward_block_; ++i) {
    for (std::int64_t y = 0; y < g.out_height(); ++y) {
      for (std::int64_t x = 0; x < g.out_width(); ++x) {
        forward_.pixels.push_back({i * image + (y * padded_width_ + x) * g.stride * g.channels,
                                   ((i * g.out_height() + y) * g.out_width() + x) * g.filters});
      }
    }
  }
  if (g.padding > 0 || input_order_ == ImageOrder::planes) {
    padded_input_.assign(static_cast<std::size_t>(forward_block_ * image), Real{0});
  }
}

// d_in at (y, x) is Σ d_out[(y + padding − ky)/stride, …] w[…, ky, kx] over the ky with (y +
// padding − ky) divisible by the stride, those with ky ≡ y + padding: the pixels fall into stride ×
// stride phases, each a convolution of stride 1 with the taps of its phase.
template <class Real>
void ConvolutionKernels<Real>::plan_backward() {
  const auto& g = geometry_;
  const std::int64_t s = g.stride;
  before_height_ = ceiling(g.kernel_height, s) - 1;
  before_width_ = ceiling(g.kernel_width, s) - 1;
  d_out_height_ = before_height_ + std::max(g.out_height(), (g.height - 1 + g.padding) / s + 1);
  d_out_width_ = before_width_ + std::max(g.out_width(), (g.width - 1 + g.padding) / s + 1);
  const std::int64_t image = d_out_height_ * d_out_width_ * g.filters;
  backward_block_ = std::max(block_of<Real>(image),
                             ceiling(kSectionPixels, g.height * g.width));
  for (std::int64_t phase_y = 0; phase_y < s; ++phase_y) {
    for (std::int64_t phase_x = 0; phase_x < s; ++phase_x) {
      const std::int64_t rows = std::max<std::int64_t>(0, ceiling(g.kernel_height - phase_y, s));
      const std::int64_t columns = std::max<std::int64_t>(0, ceiling(g.kernel_width - phase_x, s));
      Phase phase;
      if (rows > 0 && columns > 0) {
        phase.plan = TapPlan::of(rows, columns * g.filters, d_out_width_ * g.filters, g.channels);
      }
      auto& plan = phase.plan;
      plan.outputs = g.channels;
      plan.inner = g.filters;
      plan.output_stride = g.kernel_height * g.kernel_width;
      for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t ky = phase_y + s * (rows - 1 - row);
        for (std::int64_t column = 0; column < columns; ++column) {
          const std::int64_t kx = phase_x + s * (columns - 1 - column);
          for (std::int64_t f = 0; f < g.filters; ++f) {
            plan.tap_offset.push_back((f * g.channels * g.kernel_height + ky) * g.kernel_width +
                                      kx);
          }
        }
      }
      phase.packed_offset = backward_packed_;
      backward_packed_ += packed_size<Real>(plan);
      const auto first = [&](std::int64_t offset) { return ((offset - g.padding) % s + s) % s; };
      for (std::int64_t i = 0; i < backward_block_; ++i) {
        for (std::int64_t y = first(phase_y); y < g.height; y += s) {
          const std::int64_t from_y = before_height_ + (y + g.padding - phase_y) / s - (rows - 1);
          for (std::int64_t x = first(phase_x); x < g.width; x += s) {
            const std::int64_t from_x =
                before_width_ + (x + g.padding - phase_x) / s - (columns - 1);
            phase.pixels.push_back({i * image + (from_y * d_out_width_ + from_x) * g.filters,
                                    ((i * g.height + y) * g.width + x) * g.channels});
          }
        }
      }
      phase.pixels_an_image = static_cast<std::int64_t>(phase.pixels.size()) / backward_block_;
      backward_.push_back(std::move(phase));
    }
  }
  if (image != g.outputs()) {
    padded_d_out_.assign(static_cast<std::size_t>(backward_block_ * image), Real{0});
  }
}

template <class Real>
void ConvolutionKernels<Real>::pack_forward(const Real* weights,
                                            AlignedVector<Real>& packed) const {
  packed.resize(static_cast<std::size_t>(packed_size<Real>(forward_.plan)));
  pack_taps(forward_.plan, weights, packed.data());
}

template <class Real>
void ConvolutionKernels<Real>::pack_backward(const Real* weights,
                                             AlignedVector<Real>& packed) const {
  packed.resize(static_cast<std::size_t>(backward_packed_));
  for (const Phase& phase : backward_) {
    pack_taps(phase.plan, weights, packed.data() + phase.packed_offset);
  }
}

// The zeros around the images are written once; they stay.
template <class Real>
const Real* ConvolutionKernels<Real>::padded_input(const Real* in, std::int64_t count) {
  if (padded_input_.empty()) return in;
  const auto& g = geometry_;
  for (std::int64_t i = 0; i < count; ++i) {
    const Real* image = in + i * g.inputs();
    for (std::int64_t y = 0; y < g.height; ++y) {
      Real* to = padded_input_.data() +
                 ((i * padded_height_ + y + g.padding) * padded_width_ + g.padding) * g.channels;
      if (input_order_ == ImageOrder::pixels) {
        std::copy_n(image + y * g.width * g.channels, g.width * g.channels, to);
        continue;
      }
      for (std::int64_t c = 0; c < g.channels; ++c) {
        const Real* plane = image + (c * g.height + y) * g.width;
        for (std::int64_t x = 0; x < g.width; ++x) to[x * g.channels + c] = plane[x];
      }
    }
  }
  return padded_input_.data();
}

template <class Real>
const Real* ConvolutionKernels<Real>::padded_d_out(const Real* d_out, std::int64_t count) {
  if (padded_d_out_.empty()) return d_out;
  const auto& g = geometry_;
  const std::int64_t row = g.out_width() * g.filters;
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t y = 0; y < g.out_height(); ++y) {
      std::copy_n(d_out + i * g.outputs() + y * row, row,
                  padded_d_out_.data() +
                      ((i * d_out_height_ + y + before_height_) * d_out_width_ + before_width_) *
                          g.filters);
    }
  }
  return padded_d_out_.data();
}

template <class Real>
void ConvolutionKernels<Real>::forward(const AlignedVector<Real>& packed, const Real* in,
                                       std::int64_t images, Real* out, bool accumulate) {
  for (std::int64_t first = 0; first < images; first += forward_block_) {
    const std::int64_t count = std::min(forward_block_, images - first);
    const Real* padded = padded_input(in + first * geometry_.inputs(), count);
    const auto pixels = std::span(forward_.pixels)
                            .first(static_cast<std::size_t>(count * forward_.pixels_an_image));
    correlate<Real>(forward_.plan, packed.data(), padded, pixels, out + first * geometry_.outputs(),
                    accumulate);
  }
}

template <class Real>
void ConvolutionKernels<Real>::backward_data(const AlignedVector<Real>& packed, const Real* d_out,
                                             std::int64_t images, Real* d_in, bool accumulate) {
  for (std::int64_t first = 0; first < images; first += backward_block_) {
    const std::int64_t count = std::min(backward_block_, images - first);
    const Real* padded = padded_d_out(d_out + first * geometry_.outputs(), count);
    Real* to = d_in + first * geometry_.inputs();
    for (const Phase& phase : backward_) {
      const auto pixels =
          std::span(phase.pixels).first(static_cast<std::size_t>(count * phase.pixels_an_image));
      if (phase.plan.taps > 0) {
        correlate<Real>(phase.plan, packed.data() + phase.packed_offset, padded, pixels, to,
                        accumulate);
        continue;
      }
      if (accumulate) continue;
      for (const auto& pixel : pixels) std::fill_n(to + pixel.out, geometry_.channels, Real{0});
    }
  }
}

template <class Real>
void ConvolutionKernels<Real>::weight_gradient(const Real* in, const Real* d_out,
                                               std::int64_t images, Real* gradient, bool add) {
  const auto& g = geometry_;
  const std::int64_t wide = ceiling(g.filters, kLanes<Real>) * kLanes<Real>;
  const std::int64_t out_pixels = forward_.pixels_an_image;
  sums_.resize(static_cast<std::size_t>(packed_size<Real>(forward_.plan)));
  if (images == 0) std::fill(sums_.begin(), sums_.end(), Real{0});
  bool later = false;
  for (std::int64_t first = 0; first < images; first += section_images_) {
    const std::int64_t count = std::min(section_images_, images - first);
    const Real* padded = padded_input(in + first * g.inputs(), count);
    const Real* d = d_out + first * g.outputs();
    if (wide != g.filters) {
      wide_d_out_.assign(static_cast<std::size_t>(count * out_pixels * wide), Real{0});
      for (std::int64_t pixel = 0; pixel < count * out_pixels; ++pixel) {
        std::copy_n(d + pixel * g.filters, g.filters, wide_d_out_.data() + pixel * wide);
      }
      d = wide_d_out_.data();
    }
    const std::int64_t pixels = count * out_pixels;
    const std::int64_t section = section_images_ > 1 ? pixels : section_rows_ * g.out_width();
    for (std::int64_t begin = 0; begin < pixels; begin += section) {
      const auto size = static_cast<std::size_t>(std::min(section, pixels - begin));
      correlate_gradient<Real>(
          forward_.plan, padded,
          std::span(forward_.pixels).subspan(static_cast<std::size_t>(begin), size),
          d + begin * wide, wide, sums_.data(), later);
      later = true;
    }
  }
  unpack_taps(forward_.plan, sums_.data(), gradient, add);
}

template class ConvolutionKernels<float>;
template class ConvolutionKernels<double>;

}  // namespace thalweg
