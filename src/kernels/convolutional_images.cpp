#include "kernels/convolutional_images.hpp"

#include <algorithm>

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

/// The ReLU of an image with itself, which writes down the scales.
template <class Real>
struct SelfRow {
  Real* deviations;
  Real* inverses;
  Real half_factor;
  [[nodiscard]] Pack<Real> begin(std::int64_t x, const Pack<Real>& q) const {
    const Pack<Real> zero{};
    const Pack<Real> one = broadcast(Real{1});
    const auto counts = q >= smallest_variance<Real>();
    const Pack<Real> deviation = counts ? square_root(broadcast(half_factor) * q) : zero;
    const Pack<Real> inverse = one / square_root(counts ? q : one);
    store(deviations + x * kLanes<Real>, deviation);
    store(inverses + x * kLanes<Real>, counts ? inverse : zero);
    return deviation * deviation;
  }
  [[nodiscard]] Pack<Real> proceed(const Pack<Real>& k) const { return k; }
  [[nodiscard]] Pack<Real> covariance(std::int64_t /*x*/, const Pack<Real>& k) const { return k; }
};

template <class Real>
struct SelfSource {
  Real* deviations;
  Real* inverses;
  std::int64_t row_length;
  Real half_factor;
  [[nodiscard]] SelfRow<Real> row(std::int64_t y) const {
    return {deviations + y * row_length, inverses + y * row_length, half_factor};
  }
};

template <class Real, int radius>
void prepare_scales(const ConvolutionalKernel& kernel, const ImageShape& shape, const Real* pixels,
                    Real* deviations, Real* inverses) {
  const std::int64_t row_length = shape.width * kLanes<Real>;
  const std::int64_t plane = shape.height * row_length;
  detail::ConvolutionScratch<Real> scratch(shape.height, shape.width, radius);
  const detail::SeamMasks<Real> masks(shape.width, radius);
  const auto bias = static_cast<Real>(kernel.bias_variance);
  const Pack<Real> scale = broadcast(static_cast<Real>(kernel.first_factor(shape.channels)));
  const auto square = [&](std::int64_t y, std::int64_t x) {
    const Real* pixel = pixels + y * row_length + x * kLanes<Real>;
    Pack<Real> sum{};
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      const Pack<Real> value = load(pixel + c * plane);
      sum = fma(value, value, sum);
    }
    return scale * sum;
  };
  detail::fill_state<Real>(square, shape.height, shape.width, scratch);
  for (std::int64_t l = 0; l < kernel.convolutions; ++l) {
    const bool last = l + 1 == kernel.convolutions;
    const double factor = last ? kernel.dense_factor() : kernel.convolution_factor();
    const SelfSource<Real> source{deviations + l * plane, inverses + l * plane, row_length,
                                  static_cast<Real>(0.5 * factor)};
    detail::convolve<Real, radius, ThetaRule::none, false, true>(source, shape.height, shape.width,
                                                                 masks, bias, scratch, nullptr);
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
