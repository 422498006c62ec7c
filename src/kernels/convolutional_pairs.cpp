#include "kernels/convolutional_pairs.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/convolution_pass.hpp"

namespace thalweg {

namespace {

using detail::ConvolutionScratch;
using detail::LaneSums;
using detail::ReluRow;
using detail::ScaleRow;
using detail::ThetaRule;

/// Two images seen from the lanes of one pass: where row `y` of the offset image begins in each.
template <class Real>
struct OffsetView {
  const Real* pixels;
  const Real* deviations;
  const Real* inverses;
  std::int64_t row_length;
  const Real* other_pixels;
  const Real* other_deviations;
  const Real* other_inverses;
  std::int64_t other_row_length;
  std::int64_t other_stride;
  std::int64_t height;  ///< rows of the images
  std::int64_t rows;    ///< rows that overlap at this offset

  [[nodiscard]] std::int64_t plane() const { return height * row_length; }
  [[nodiscard]] std::int64_t other_plane() const { return height * other_row_length; }
};

template <class Real>
struct ReluSource {
  const OffsetView<Real>& view;
  const NormalisedRelu<Real>& relu;
  std::int64_t layer;
  [[nodiscard]] ReluRow<Real> row(std::int64_t y) const {
    const std::int64_t first = layer * view.plane() + y * view.row_length;
    const std::int64_t other = layer * view.other_plane() + y * view.other_row_length;
    return {relu, ScaleRow<Real>{view.deviations + first, view.inverses + first,
                                 view.other_deviations + other, view.other_inverses + other,
                                 view.other_stride}};
  }
};

/// The product of the two inputs over the channels, the input of the first convolution.
template <class Real>
void multiply_inputs(const OffsetView<Real>& view, const ImageShape& shape, double factor,
                     ConvolutionScratch<Real>& scratch) {
  const Pack<Real> scale = broadcast(static_cast<Real>(factor));
  const auto product = [&](std::int64_t y, std::int64_t x) {
    const Real* pixel = view.pixels + y * view.row_length + x;
    const Real* other = view.other_pixels + y * view.other_row_length + x * view.other_stride;
    Pack<Real> sum{};
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      sum = fma(broadcast(pixel[c * view.plane()]), load(other + c * view.other_plane()), sum);
    }
    return scale * sum;
  };
  detail::fill_state<Real>(product, view.rows, shape.width, scratch);
}

template <class Real, int radius>
void pass_layers(const ConvolutionalKernel& kernel, const ImageShape& shape,
                 const OffsetView<Real>& view, const detail::SeamMasks<Real>& masks,
                 const NormalisedRelu<Real>& relu, const NormalisedRelu<Real>& last_relu,
                 ConvolutionScratch<Real>& scratch, LaneSums<Real>& sums) {
  const std::int64_t last = kernel.convolutions - 1;
  const auto bias = static_cast<Real>(kernel.bias_variance);
  const auto convolve = [&]<ThetaRule theta, bool is_last, bool biased>(
                            std::int64_t l, const NormalisedRelu<Real>& activation) {
    detail::convolve<Real, radius, theta, is_last, biased>(
        ReluSource<Real>{view, activation, l}, view.rows, shape.width, masks, bias, scratch, &sums);
  };
  const auto layer = [&]<ThetaRule theta>(std::int64_t l) {
    if (l < last) {
      bias != Real{0} ? convolve.template operator()<theta, false, true>(l, relu)
                      : convolve.template operator()<theta, false, false>(l, relu);
    } else {
      convolve.template operator()<theta, true, true>(l, last_relu);
    }
  };
  multiply_inputs(view, shape, kernel.first_factor(shape.channels), scratch);
  for (std::int64_t l = 0; l <= last; ++l) {
    if (l < kernel.first_trained) {
      layer.template operator()<ThetaRule::none>(l);
    } else if (l == kernel.first_trained) {
      layer.template operator()<ThetaRule::start>(l);
    } else {
      layer.template operator()<ThetaRule::advance>(l);
    }
  }
}

}  // namespace

template <class Real>
struct ConvolutionalPairs<Real>::Work {
  Work(const ConvolutionalKernel& spec, const ImageShape& image)
      : kernel(spec),
        shape(image),
        relu(static_cast<Real>(0.5 * spec.convolution_factor())),
        last_relu(static_cast<Real>(0.5 * spec.dense_factor())),
        scratch(image.height, image.width, spec.kernel_size / 2),
        whole(image.width, spec.kernel_size / 2) {
    for (std::int64_t first = 0; first < image.width; first += kLanes<Real>) {
      cyclic.emplace_back(image.width, spec.kernel_size / 2, first);
    }
  }
  void pass(const OffsetView<Real>& view, const detail::SeamMasks<Real>& masks,
            LaneSums<Real>& sums) {
    const auto with_radius = [&]<int radius>() {
      pass_layers<Real, radius>(kernel, shape, view, masks, relu, last_relu, scratch, sums);
    };
    switch (kernel.kernel_size) {
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
  /// From the pixel sums to the net's output.
  [[nodiscard]] double output(double k_sum, double theta_sum) const {
    const double divisor = kernel.readout_divisor(shape);
    const double k = k_sum / divisor + kernel.bias_variance;
    return theta_sum / divisor + (kernel.last_trained ? k : 0.0);
  }

  ConvolutionalKernel kernel;
  ImageShape shape;
  NormalisedRelu<Real> relu;
  NormalisedRelu<Real> last_relu;
  ConvolutionScratch<Real> scratch;
  detail::SeamMasks<Real> whole;
  std::vector<detail::SeamMasks<Real>> cyclic;
};

template <class Real>
ConvolutionalPairs<Real>::ConvolutionalPairs(const ConvolutionalKernel& kernel,
                                             const ImageShape& shape) {
  kernel.check();
  work_ = std::make_unique<Work>(kernel, shape);
}
template <class Real>
ConvolutionalPairs<Real>::~ConvolutionalPairs() = default;

template <class Real>
std::int64_t ConvolutionalPairs<Real>::cyclic_row_length(std::int64_t width) {
  return width + (width + kLanes<Real> - 1) / kLanes<Real> * kLanes<Real>;
}

template <class Real>
double ConvolutionalPairs<Real>::global_average_pool(const CyclicImage<Real>& row,
                                                     const CyclicImage<Real>& column) {
  const std::int64_t height = work_->shape.height;
  const std::int64_t width = work_->shape.width;
  double k = 0.0;
  double theta = 0.0;
  for (std::int64_t first = 0; first < width; first += kLanes<Real>) {
    const auto& masks = work_->cyclic[static_cast<std::size_t>(first / kLanes<Real>)];
    LaneSums<Real> sums;
    for (std::int64_t dy = 1 - height; dy < height; ++dy) {
      const std::int64_t y = std::max<std::int64_t>(0, -dy);
      const std::int64_t from = y * row.row_length();
      const std::int64_t other = (y + dy) * column.row_length() + first;
      work_->pass(OffsetView<Real>{row.pixels() + from, row.deviations() + from,
                                   row.inverses() + from, row.row_length(), column.pixels() + other,
                                   column.deviations() + other, column.inverses() + other,
                                   column.row_length(), 1, height, height - std::abs(dy)},
                  masks, sums);
    }
    // Lanes beyond the width repeat offsets.
    const std::int64_t lanes = std::min(kLanes<Real>, width - first);
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      k += sums.k[static_cast<std::size_t>(lane)];
      theta += sums.theta[static_cast<std::size_t>(lane)];
    }
  }
  return work_->output(k, theta);
}

template <class Real>
void ConvolutionalPairs<Real>::flatten(const CyclicImage<Real>& row,
                                       const InterleavedImages<Real>& columns,
                                       std::span<double> values) {
  LaneSums<Real> sums;
  work_->pass(OffsetView<Real>{row.pixels(), row.deviations(), row.inverses(), row.row_length(),
                               columns.pixels(), columns.deviations(), columns.inverses(),
                               work_->shape.width * kLanes<Real>, kLanes<Real>, work_->shape.height,
                               work_->shape.height},
              work_->whole, sums);
  for (std::size_t lane = 0; lane < values.size(); ++lane) {
    values[lane] = work_->output(sums.k[lane], sums.theta[lane]);
  }
}

template class ConvolutionalPairs<float>;
template class ConvolutionalPairs<double>;

double fused_operations_of_pair(const ConvolutionalKernel& kernel, const ImageShape& shape) {
  const auto pixels = static_cast<double>(shape.height * shape.width);
  const double offsets = kernel.readout == Readout::global_average_pool ? pixels : 1.0;
  const auto first = static_cast<double>(shape.channels + 1);
  const double relu = kernel.has_trained_convolution() ? 17.0 : 10.0;
  return offsets * pixels * (first + relu * static_cast<double>(kernel.convolutions));
}

}  // namespace thalweg
