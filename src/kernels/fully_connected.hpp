#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/aligned.hpp"

namespace thalweg {

enum class Activation { relu, leaky_relu, abs, erf, gelu };

/// The names of study files: relu | leaky_relu | abs | erf | gelu. Throws Error for another.
[[nodiscard]] Activation activation_named(const std::string& name);
[[nodiscard]] const std::vector<std::string>& activation_names();

/// The infinitely wide fully connected net: dense, (activation, dense) × depth. With K⁰ the
/// product of the inputs,
///   dense:       K ← σ_w² K + σ_b²,  Θ ← K + σ_w² Θ
///   activation:  K ← E[φφ],          Θ ← Θ E[φ'φ']
/// (Jacot et al. 2018; Lee et al. 2018). K is the NNGP kernel, Θ the NTK.
struct FullyConnectedKernel {
  std::int64_t depth = 3;  ///< hidden layers, ≥ 0
  double weight_variance = 2.0;
  double bias_variance = 0.0;
  Activation activation = Activation::relu;
  double negative_slope = 0.01;  ///< of leaky_relu
  /// K⁰ = x·x'/d; false: Arora et al. 2019 (1904.11955), K⁰ = x·x' and no factor in the first dense
  /// layer.
  bool input_scaling = true;
  /// Dense layers 0..first_trained−1 keep their initial weights; 0 is the NTK of the whole net,
  /// `depth` the last layer alone, which is the NNGP.
  std::int64_t first_trained = 0;

  [[nodiscard]] bool is_nngp() const { return first_trained >= depth; }
  /// Factor of x·x' in the first dense layer, for inputs of d features.
  [[nodiscard]] double first_factor(std::int64_t features) const {
    return input_scaling ? weight_variance / static_cast<double>(features) : 1.0;
  }
  /// One line that fixes the kernel's numbers, for records and their checks.
  [[nodiscard]] std::string description() const;
};

/// What the layers need to know of one sample alone, after each dense layer but the last; samples
/// padded to whole tiles with zero inputs.
template <class Real>
class SampleVariances {
 public:
  enum Number {
    kVariance,      ///< K(x, x)
    kDeviation,     ///< its root p
    kSpreadSine,    ///< √(p − √σ_b²), see dense_spread
    kSpreadCosine,  ///< √(p + √σ_b²)
    kNumbers
  };
  /// From squared norms x·x. Local; some 10 flops a sample and layer.
  SampleVariances(const FullyConnectedKernel& kernel, std::int64_t features,
                  std::span<const Real> squared_norms);
  /// One number a sample.
  [[nodiscard]] const Real* layer(Number number, std::int64_t l, std::int64_t first_sample) const {
    return values_.data() + (l * kNumbers + number) * samples_ + first_sample;
  }
  /// |x|, one number a sample.
  [[nodiscard]] const Real* norms(std::int64_t first_sample) const {
    return norms_.data() + first_sample;
  }
  /// Kernel value of a sample with itself.
  [[nodiscard]] Real self(std::int64_t sample) const {
    return self_[static_cast<std::size_t>(sample)];
  }

 private:
  std::int64_t samples_;
  AlignedVector<Real> norms_;
  AlignedVector<Real> values_;
  std::vector<Real> self_;
};

/// Local. Turns a column of `tile` inner products x_i·x'_j, in place, into kernel values, through
/// all layers while it is in cache. `gaps` are |x_i||x'_j| − |x_i·x'_j| (angle_gaps) and are used
/// up. Element i depends on its inner product, its gap and the two samples' variances only, never
/// on its place.
///
/// Accuracy: relative to √(K(x, x) K(x', x')) some ε a layer beside the inner product's own error,
/// however close the inputs are to collinear; GELU behind its first activation ε √q for variances
/// q, which matters beyond 1e3 in float32.
///
/// Work per element and layer, ReLU: 1 division, 1 square root, about 45 flops in 32 vector
/// instructions; traffic 7 · 8 bytes an element and layer to the first-level cache. The divider
/// (about 34 cycles for 8 doubles) is the limit. A bias adds 8 flops.
template <class Real>
void apply_layers(const FullyConnectedKernel& kernel, std::int64_t features,
                  const SampleVariances<Real>& row_variances, std::int64_t first_row,
                  const SampleVariances<Real>& column_variances, std::int64_t column,
                  std::int64_t tile, Real* products, Real* gaps);

}  // namespace thalweg
