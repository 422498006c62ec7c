#include "kernels/convolutional_images.hpp"

#include <algorithm>
#include <limits>

#include "kernels/convolution_pass.hpp"

namespace thalweg {

namespace {

using detail::ThetaRule;

/// Variances below have no inverse whose square is finite; they count as zero.
template <class Real>
constexpr Real smallest_variance() {
  if constexpr (sizeof(Real) == 4) {
    return 0x1p-120F;
  } else {
    return 0x1p-1000;
  }
}

struct Nothing {};

/// x·x over the channels, a pack an image.
template <class Real>
struct SquareRow {
  const Real* pixels;
  std::int64_t plane;
  std::int64_t channels;
  Real factor;
  [[nodiscard]] Nothing begin(std::int64_t /*x*/, const Real* /*cell*/) const { return {}; }
  [[nodiscard]] Nothing proceed(Nothing /*begun*/) const { return {}; }
  void finish(std::int64_t x, const Real* /*cell*/, Nothing /*continued*/, Pack<Real>& k,
              Pack<Real>& /*t*/) const {
    Pack<Real> sum{};
    for (std::int64_t c = 0; c < channels; ++c) {
      const Pack<Real> value = load(pixels + c * plane + x * kLanes<Real>);
      sum = fma(value, value, sum);
    }
    k = broadcast(factor) * sum;
  }
};

/// The ReLU of an image with itself, which writes down the scales.
template <class Real>
struct SelfRow {
  Real* deviations;
  Real* inverses;
  Real half_factor;
  [[nodiscard]] Nothing begin(std::int64_t /*x*/, const Real* /*cell*/) const { return {}; }
  [[nodiscard]] Nothing proceed(Nothing /*begun*/) const { return {}; }
  void finish(std::int64_t x, const Real* cell, Nothing /*continued*/, Pack<Real>& k,
              Pack<Real>& /*t*/) const {
    const Pack<Real> zero{};
    const Pack<Real> one = broadcast(Real{1});
    const Pack<Real> q = load(cell);
    const auto counts = q >= smallest_variance<Real>();
    const Pack<Real> deviation = counts ? square_root(broadcast(half_factor) * q) : zero;
    Pack<Real> inverse = one / square_root(counts ? q : one);
    // Rounded, its square times q may lie below 1 by two units in the last place.
    const Pack<Real> up = broadcast(Real{1} + std::numeric_limits<Real>::epsilon());
    for (int step = 0; step < 3; ++step) {
      inverse = (inverse * inverse) * q < one ? inverse * up : inverse;
    }
    store(deviations + x * kLanes<Real>, deviation);
    store(inverses + x * kLanes<Real>, counts ? inverse : zero);
    k = deviation * deviation;
  }
};

/// Rows of a source whose `row_at(y)` is a function.
template <class RowAt>
struct RowSource {
  RowAt row_at;
  [[nodiscard]] auto row(std::int64_t y) const { return row_at(y); }
};

template <class Real, int radius>
void prepare_scales(const ConvolutionalKernel& kernel, const ImageShape& shape, const Real* pixels,
                    Real* deviations, Real* inverses) {
  const std::int64_t row_length = shape.width * kLanes<Real>;
  const std::int64_t plane = shape.height * row_length;
  detail::ConvolutionScratch<Real> scratch(shape.height, shape.width, radius);
  const detail::SeamMasks<Real> masks(shape.width, radius);
  const auto convolve = [&](const auto& row_at) {
    detail::convolve<Real, radius, ThetaRule::none>(RowSource{row_at}, shape.height, shape.width,
                                                    masks, scratch);
    detail::add_bias(static_cast<Real>(kernel.bias_variance), false, shape.height, scratch);
  };
  const auto first_factor = static_cast<Real>(kernel.first_factor(shape.channels));
  convolve([&](std::int64_t y) {
    return SquareRow<Real>{pixels + y * row_length, plane, shape.channels, first_factor};
  });
  for (std::int64_t l = 0; l < kernel.convolutions; ++l) {
    const bool last = l + 1 == kernel.convolutions;
    const double factor = last ? kernel.dense_factor() : kernel.convolution_factor();
    convolve([&](std::int64_t y) {
      const std::int64_t first = l * plane + y * row_length;
      return SelfRow<Real>{deviations + first, inverses + first, static_cast<Real>(0.5 * factor)};
    });
  }
}

}  // namespace

template <class Real>
InterleavedImages<Real>::InterleavedImages(const ConvolutionalKernel& kernel,
                                           const ImageShape& shape)
    : kernel_(kernel),
      shape_(shape),
      pixels_(static_cast<std::size_t>(shape.features() * kLanes<Real>)),
      deviations_(static_cast<std::size_t>(kernel.convolutions * shape.height * shape.width *
                                           kLanes<Real>)),
      inverses_(deviations_.size()) {}

template <class Real>
void InterleavedImages<Real>::prepare(std::span<const Real> rows, std::int64_t count) {
  const std::int64_t features = shape_.features();
  for (std::int64_t lane = 0; lane < kLanes<Real>; ++lane) {
    for (std::int64_t i = 0; i < features; ++i) {
      pixels_[static_cast<std::size_t>(i * kLanes<Real> + lane)] =
          lane < count ? rows[static_cast<std::size_t>(lane * features + i)] : Real{0};
    }
  }
  const auto with_radius = [&]<int radius>() {
    prepare_scales<Real, radius>(kernel_, shape_, pixels_.data(), deviations_.data(),
                                 inverses_.data());
  };
  switch (kernel_.kernel_size) {
    case 1:
      return with_radius.template operator()<0>();
    case 3:
      return with_radius.template operator()<1>();
    case 5:
      return with_radius.template operator()<2>();
    default:
      return with_radius.template operator()<3>();
  }
}

template <class Real>
CyclicImage<Real>::CyclicImage(const ConvolutionalKernel& kernel, const ImageShape& shape,
                               std::int64_t row_length)
    : layers_(kernel.convolutions),
      shape_(shape),
      row_length_(row_length),
      pixels_(static_cast<std::size_t>(shape.channels * shape.height * row_length)),
      deviations_(static_cast<std::size_t>(kernel.convolutions * shape.height * row_length)),
      inverses_(deviations_.size()) {}

template <class Real>
void CyclicImage<Real>::take(const InterleavedImages<Real>& images, std::int64_t lane) {
  take_planes(images.pixels(), shape_.channels, lane, pixels_.data());
  take_planes(images.deviations(), layers_, lane, deviations_.data());
  take_planes(images.inverses(), layers_, lane, inverses_.data());
}

template <class Real>
void CyclicImage<Real>::take_planes(const Real* from, std::int64_t planes, std::int64_t lane,
                                    Real* to) const {
  const std::int64_t width = shape_.width;
  for (std::int64_t y = 0; y < planes * shape_.height; ++y) {
    Real* row = to + y * row_length_;
    for (std::int64_t x = 0; x < width; ++x) {
      row[x] = from[(y * width + x) * kLanes<Real> + lane];
    }
    for (std::int64_t x = width; x < row_length_; ++x) row[x] = row[x - width];
  }
}

template class InterleavedImages<float>;
template class InterleavedImages<double>;
template class CyclicImage<float>;
template class CyclicImage<double>;

}  // namespace thalweg
