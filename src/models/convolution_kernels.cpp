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
/// stores of sums not to count, short enough for d_out to stay in cache, and for accuracy. Weights
/// that stay in no cache are read at most once for so many pixels, too.
constexpr std::int64_t kSectionPixels = 128;

std::int64_t ceiling(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Images that are worked on together.
template <class Real>
std::int64_t block_of(std::int64_t numbers, std::int64_t pixels) {
  return std::max(kBlockBytes / (numbers * static_cast<std::int64_t>(sizeof(Real))),
                  ceiling(kSectionPixels, pixels));
}

}  // namespace

template <class Real>
ConvolutionKernels<Real>::ConvolutionKernels(const ConvolutionGeometry& geometry,
                                             ImageOrder input_order)
    : geometry_(geometry) {
  if (!geometry.is_valid()) {
    throw Error(fmt::format(
        "convolution of {} x {} x {} by {} filters of {} x {} with stride {} and padding {} has no "
        "output",
        geometry.height, geometry.width, geometry.channels, geometry.filters,
        geometry.kernel_height, geometry.kernel_width, geometry.stride, geometry.padding));
  }
  plan_forward(input_order);
  plan_backward();
}

template <class Real>
void ConvolutionKernels<Real>::plan_forward(ImageOrder input_order) {
  const auto& g = geometry_;
  input_ = {g.channels,
            g.height,
            g.width,
            input_order,
            g.padding,
            g.padding,
            g.height + 2 * g.padding,
            g.width + 2 * g.padding};
  auto& plan = forward_.plan;
  plan.outputs = g.filters;
  plan.row_stride = input_.row_stride();
  plan.inner = input_.block();
  const std::int64_t kernel = g.kernel_height * g.kernel_width;
  plan.output_stride = g.channels * kernel;
  for (std::int64_t block = 0; block < input_.blocks(); ++block) {
    plan.add_rows(block * input_.block_stride(), g.kernel_height, g.kernel_width * input_.block());
    for (std::int64_t pixel = 0; pixel < kernel; ++pixel) {
      for (std::int64_t c = 0; c < input_.block(); ++c) {
        plan.tap_offset.push_back((block * input_.block() + c) * kernel + pixel);
      }
    }
  }
  forward_.pixels_an_image = g.out_height() * g.out_width();
  forward_block_ = block_of<Real>(input_.image_stride(), forward_.pixels_an_image);
  for (std::int64_t i = 0; i < forward_block_; ++i) {
    for (std::int64_t y = 0; y < g.out_height(); ++y) {
      for (std::int64_t x = 0; x < g.out_width(); ++x) {
        forward_.pixels.push_back({input_.offset(i, y * g.stride, x * g.stride),
                                   ((i * g.out_height() + y) * g.out_width() + x) * g.filters});
      }
    }
  }
  input_.reserve(forward_block_);
}

// d_in at (y, x) is Σ d_out[(y + padding − ky)/stride, …] w[…, ky, kx] over the ky with (y +
// padding − ky) divisible by the stride, those with ky ≡ y + padding: the pixels fall into stride ×
// stride phases, each a convolution of stride 1 with the taps of its phase.
template <class Real>
void ConvolutionKernels<Real>::plan_backward() {
  const auto& g = geometry_;
  const std::int64_t s = g.stride;
  const std::int64_t before_y = ceiling(g.kernel_height, s) - 1;
  const std::int64_t before_x = ceiling(g.kernel_width, s) - 1;
  d_out_ = {g.filters,
            g.out_height(),
            g.out_width(),
            ImageOrder::pixels,
            before_y,
            before_x,
            before_y + std::max(g.out_height(), (g.height - 1 + g.padding) / s + 1),
            before_x + std::max(g.out_width(), (g.width - 1 + g.padding) / s + 1)};
  backward_block_ = block_of<Real>(d_out_.image_stride(), g.height * g.width);
  for (std::int64_t phase_y = 0; phase_y < s; ++phase_y) {
    for (std::int64_t phase_x = 0; phase_x < s; ++phase_x) {
      backward_.push_back(backward_phase(phase_y, phase_x));
      backward_.back().packed_offset = backward_packed_;
      backward_packed_ += packed_size<Real>(backward_.back().plan);
    }
  }
  d_out_.reserve(backward_block_);
}

template <class Real>
auto ConvolutionKernels<Real>::backward_phase(std::int64_t phase_y, std::int64_t phase_x) const
    -> Phase {
  const auto& g = geometry_;
  const std::int64_t s = g.stride;
  const std::int64_t rows = std::max<std::int64_t>(0, ceiling(g.kernel_height - phase_y, s));
  const std::int64_t columns = std::max<std::int64_t>(0, ceiling(g.kernel_width - phase_x, s));
  Phase phase;
  auto& plan = phase.plan;
  plan.outputs = g.channels;
  plan.row_stride = d_out_.row_stride();
  plan.inner = d_out_.block();
  plan.output_stride = g.kernel_height * g.kernel_width;
  for (std::int64_t block = 0; block < d_out_.blocks() && rows * columns > 0; ++block) {
    plan.add_rows(block * d_out_.block_stride(), rows, columns * d_out_.block());
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t ky = phase_y + s * (rows - 1 - row);
      for (std::int64_t column = 0; column < columns; ++column) {
        const std::int64_t kx = phase_x + s * (columns - 1 - column);
        for (std::int64_t i = 0; i < d_out_.block(); ++i) {
          const std::int64_t f = block * d_out_.block() + i;
          plan.tap_offset.push_back((f * g.channels * g.kernel_height + ky) * g.kernel_width + kx);
        }
      }
    }
  }
  // The row of d_out that the first of `rows` taps meets is (y + padding − phase)/stride − (rows −
  // 1); the padding moves it by ⌈kernel/stride⌉ − 1.
  const auto first_pixel = [&](std::int64_t offset) { return ((offset - g.padding) % s + s) % s; };
  const std::int64_t first_row = ceiling(g.kernel_height, s) - rows;
  const std::int64_t first_column = ceiling(g.kernel_width, s) - columns;
  for (std::int64_t i = 0; i < backward_block_; ++i) {
    for (std::int64_t y = first_pixel(phase_y); y < g.height; y += s) {
      for (std::int64_t x = first_pixel(phase_x); x < g.width; x += s) {
        phase.pixels.push_back({d_out_.offset(i, first_row + (y + g.padding - phase_y) / s,
                                              first_column + (x + g.padding - phase_x) / s),
                                ((i * g.height + y) * g.width + x) * g.channels});
      }
    }
  }
  phase.pixels_an_image = static_cast<std::int64_t>(phase.pixels.size()) / backward_block_;
  return phase;
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

template <class Real>
void ConvolutionKernels<Real>::forward(const AlignedVector<Real>& packed, const Real* in,
                                       std::int64_t images, Real* out, bool accumulate) {
  for (std::int64_t first = 0; first < images; first += forward_block_) {
    const std::int64_t count = std::min(forward_block_, images - first);
    const Real* padded = input_.fill(in + first * geometry_.inputs(), count);
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
    const Real* padded = d_out_.fill(d_out + first * geometry_.outputs(), count);
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
  // Sections are whole images where those are small, else whole rows of one image.
  const std::int64_t pixels_an_image = forward_.pixels_an_image;
  const std::int64_t together = std::max<std::int64_t>(1, kSectionPixels / pixels_an_image);
  const std::int64_t section =
      together > 1 ? together * pixels_an_image
                   : std::max<std::int64_t>(1, kSectionPixels / g.out_width()) * g.out_width();
  sums_.resize(static_cast<std::size_t>(packed_size<Real>(forward_.plan)));
  if (images == 0) std::fill(sums_.begin(), sums_.end(), Real{0});
  bool later = false;
  for (std::int64_t first = 0; first < images; first += together) {
    const std::int64_t count = std::min(together, images - first);
    const Real* padded = input_.fill(in + first * g.inputs(), count);
    const std::int64_t pixels = count * pixels_an_image;
    for (std::int64_t begin = 0; begin < pixels; begin += section) {
      const std::int64_t size = std::min(section, pixels - begin);
      const Real* d = pack_outputs(forward_.plan, d_out + first * g.outputs() + begin * g.filters,
                                   size, section_d_out_);
      correlate_gradient<Real>(
          forward_.plan, padded,
          std::span(forward_.pixels)
              .subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size)),
          d, sums_.data(), later);
      later = true;
    }
  }
  unpack_taps(forward_.plan, sums_.data(), gradient, add);
}

template class ConvolutionKernels<float>;
template class ConvolutionKernels<double>;

}  // namespace thalweg
