#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/data_options.hpp"
#include "kernels/convolutional.hpp"
#include "kernels/fully_connected.hpp"

namespace thalweg {

/// One layer of a convolutional net of any shape.
struct ConvolutionalLayer {
  enum class Kind {
    convolution,          ///< kernel_size × kernel_size, with stride and padding by zeros
    activation,           ///< pixel by pixel
    average_pool,         ///< mean over kernel_size × kernel_size pixels, with stride, no padding
    flatten,              ///< the pixels become features: one pixel from here on
    global_average_pool,  ///< the mean over all pixels: one pixel from here on
    dense,                ///< after flatten or global_average_pool
  };
  Kind kind = Kind::convolution;
  std::int64_t kernel_size = 3;
  std::int64_t stride = 1;
  std::int64_t padding = 1;
  Activation activation = Activation::relu;
  double negative_slope = 0.01;  ///< of leaky_relu
  bool trained = true;           ///< of convolution and dense

  [[nodiscard]] static ConvolutionalLayer convolution(std::int64_t kernel_size, std::int64_t stride,
                                                      std::int64_t padding);
  [[nodiscard]] static ConvolutionalLayer nonlinearity(Activation activation);
  [[nodiscard]] static ConvolutionalLayer average_pool(std::int64_t size, std::int64_t stride);
  [[nodiscard]] static ConvolutionalLayer of(Kind kind);
};

/// An infinitely wide net of such layers, of AlexNet's or VGG's shape for instance (average instead
/// of max pooling, which has no such kernel). With K(p, p') and Θ(p, p') of pixels p of x and p' of
/// x', K = Σ_c x_c(p) x'_c(p') / channels at the input:
///   convolution:  K ← σ_w²/k² Σ over the windows' equal places + σ_b², Θ alike + K if trained
///   activation:   K ← E[φφ], Θ ← Θ E[φ'φ']
///   average_pool: mean over both windows, every place of one with every place of the other
///   flatten:      mean over p = p';  global_average_pool: mean over all p, p'
///   dense:        K ← σ_w² K + σ_b², Θ ← σ_w² Θ + K if trained
/// (Novak et al. 2019; Arora et al. 2019). The result is Θ.
struct ConvolutionalNetKernel {
  std::vector<ConvolutionalLayer> layers;
  double weight_variance = 2.0;
  double bias_variance = 0.0;

  /// Throws Error naming the layer that does not fit images of this shape or the layers before it,
  /// or images whose pixel pairs would not fit into memory.
  void check(const ImageShape& shape) const;
  /// Seconds of one pair on one core, roughly.
  [[nodiscard]] double pair_estimate_s(const ImageShape& shape) const;
  /// One line that fixes the kernel's numbers, for records and their checks.
  [[nodiscard]] std::string description() const;
};

/// The net of a ConvolutionalKernel with an activation of choice. Throws Error for the published
/// convention (input_scaling false), which is the ReLU's alone.
[[nodiscard]] ConvolutionalNetKernel net_of(const ConvolutionalKernel& kernel,
                                            Activation activation = Activation::relu);

/// Variances of one image before every activation, one vector an activation.
using PixelVariances = std::vector<std::vector<double>>;

/// What follows from one image alone. Local. One pass of all pixel pairs of the image with itself,
/// because pooling mixes them.
[[nodiscard]] PixelVariances pixel_variances(const ConvolutionalNetKernel& kernel,
                                             const ImageShape& shape, const double* image);

/// Θ of two images, from the definition: the whole tensor of pixel pairs goes through the net,
/// layer by layer, in double precision. Local. About (kernel_size + 30) flops a pixel pair and
/// layer; three tensors of (height · width)² numbers.
[[nodiscard]] double net_kernel(const ConvolutionalNetKernel& kernel, const ImageShape& shape,
                                const double* x, const PixelVariances& x_variances, const double* z,
                                const PixelVariances& z_variances);

}  // namespace thalweg
