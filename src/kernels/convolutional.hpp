#pragma once

#include <cstdint>
#include <string>

#include "data/data_options.hpp"

namespace thalweg {

enum class Readout {
  flatten,              ///< every pixel has its own weights ("vanilla")
  global_average_pool,  ///< one mean over the pixels
};

/// The names of study files: flatten | gap. Throws Error for another.
[[nodiscard]] Readout readout_named(const std::string& name);
[[nodiscard]] const char* readout_name(Readout readout);

/// The infinitely wide convolutional net of ReLUs, all convolutions k×k, stride 1, padded with
/// zeros: (convolution, ReLU) × convolutions, readout, dense. With K⁰(p, p') = Σ_c x_c(p) x'_c(p')
/// / channels of pixels p of x and p' of x', box the sum over windows of equal offset,
///   convolution:  K ← σ_w² box(K)/k² + σ_b²,  Θ ← σ_w² box(Θ)/k² + K
///   ReLU:         K ← E[φφ],                  Θ ← Θ E[φ'φ']
///   readout:      mean over p = p' (flatten) or over all p, p' (gap)
///   dense:        K ← σ_w² K + σ_b²,          Θ ← σ_w² Θ + K
/// and a layer that is not trained adds no K to Θ (Arora et al. 2019, 1904.11955; Novak et al.
/// 2019). Layers count from 0, the first convolution, to `convolutions`, the dense one.
struct ConvolutionalKernel {
  std::int64_t convolutions = 3;  ///< ≥ 1
  std::int64_t kernel_size = 3;   ///< k, odd, at most 7
  double weight_variance = 2.0;
  double bias_variance = 0.0;
  Readout readout = Readout::global_average_pool;
  /// false: the published code of Arora et al., K⁰ = Σ_c x_c x'_c, the first convolution a sum
  /// without factor, σ_w²/k² (2/9) after every ReLU, also the last, and for flatten a sum over
  /// pixels.
  bool input_scaling = true;
  /// Layers below keep their initial weights; 0: the NTK of the whole net; `convolutions` with
  /// last_trained: the last layer alone, which is the NNGP kernel ("CNNGP").
  std::int64_t first_trained = 0;
  /// Whether the dense layer is trained. first_trained = 1 and false are the published GAP results.
  bool last_trained = true;

  /// `trained` in study files: all | last | inner (all but the first and the last layer). Throws
  /// Error for another. Call after `convolutions` is set.
  void set_trained(const std::string& name);
  [[nodiscard]] bool is_nngp() const { return first_trained >= convolutions && last_trained; }
  /// Does Θ of any convolution reach the result?
  [[nodiscard]] bool has_trained_convolution() const { return first_trained < convolutions; }
  /// Factor of x_c x'_c in K⁰ and the first convolution together.
  [[nodiscard]] double first_factor(std::int64_t channels) const;
  /// Factor of the other convolutions, σ_w²/k².
  [[nodiscard]] double convolution_factor() const;
  /// Factor of the mean or sum over the pixels in the dense layer.
  [[nodiscard]] double dense_factor() const {
    return input_scaling ? weight_variance : convolution_factor();
  }
  /// Divisor of the sum over pixels (flatten) or pixel pairs (gap).
  [[nodiscard]] double readout_divisor(const ImageShape& shape) const;
  /// Throws Error naming the field that is out of its range.
  void check() const;
  /// One line that fixes the kernel's numbers, for records and their checks.
  [[nodiscard]] std::string description() const;
};

}  // namespace thalweg
