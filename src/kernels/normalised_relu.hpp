#pragma once

#include <array>
#include <cstddef>
#include <limits>

#include "base/pack.hpp"

namespace thalweg {

namespace detail {

// With x = |r|, z = 1 − x, t = √z both parts of the arc-cosine kernels are t times a smooth
// function of z, whose nearest singularity lies at z = 2:
//   angle(z) = acos(x) / (π t),   excess(z) = (√(1 − x²) − x acos x) / (π t³).
// Polynomials of least relative error on z ∈ [0, 1] (Remez, 50 digits), lowest power first.
// Relative error of angle and excess: 7.5e-7 and 1.1e-6 (float), 1.6e-17 and 5.8e-18 (double). The
// error of the kernels falls with the angle θ, and deep layers have small ones: θ·2.4e-7 in κ₀.
template <class Real>
struct ReluPolynomials;
template <>
struct ReluPolynomials<float> {
  static constexpr std::array angle{0.4501578211F,   0.03753587492F,    0.008195183909F,
                                    0.003459700626F, -0.0007199012624F, 0.001370946426F};
  static constexpr std::array excess{0.3001057604F, 0.01499029834F, 0.002521725878F,
                                     0.000284294878F, 0.0004074654544F};
};
template <>
struct ReluPolynomials<double> {
  static constexpr std::array angle{
      0.45015815807855304,    0.037513179839874493,    0.0084404654645495497,
      0.0025120432660967211,  0.00085479316404802012,  0.00031470930665406204,
      0.00012215078757343175, 4.8447530330662077e-5,   2.3643796423101167e-5,
      -3.8191584372433544e-6, 3.8541906688725583e-5,   -7.2925415118744737e-5,
      0.00012213813503782832, -0.00014948304588324437, 0.00013792166686686956,
      -9.1706497054046412e-5, 4.2005978109137841e-5,   -1.1858466852092215e-5,
      1.593662539718967e-6};
  static constexpr std::array excess{
      0.30010543871903535,    0.015005271935952851,  0.0024115615610215112,  0.00055823184757008139,
      0.00015541671683007806, 4.8419684951260213e-5, 1.6261943890400164e-5,  5.8511200194936571e-6,
      1.8160355068892757e-6,  1.8634789290870657e-6, -2.2177074753563812e-6, 4.7549269002094978e-6,
      -6.2592303530955206e-6, 6.3836666895022483e-6, -4.6016205145403368e-6, 2.2869493825086568e-6,
      -6.9551349971212886e-7, 1.016689541464443e-7};
};

}  // namespace detail

/// Dual of the ReLU for unit variances and correlations r (arc-cosine kernels, Cho & Saul 2009):
/// value = 2 E[φφ], derivative = scale · 2 E[φ'φ']. One square root and no division: 2 E[φφ] =
/// max(r, 0) + t³ excess(z), 2 E[φ'φ'] = ½ + sign(r) (½ − t angle(z)) with z = 1 − |r|, t = √z, a
/// relation of κ(r) and κ(−r). r may leave [−1, 1] by rounding; r ≤ −1 gives exactly 0 and 0, and
/// r ≥ 1 − 3 ε exactly 1 and `scale`, ε the machine's: so close to 1 lie equal patches after
/// rounding, whose angle is 0 but would come out as 3e-4 in float. 12 multiplications or fused
/// operations, 7 others and the root (float).
///
/// In three steps, so that a loop can begin an element before it finishes the ones before: the
/// chain through the square root and the polynomials is longer than what a core holds in flight.
template <class Real>
class NormalisedRelu {
 public:
  struct Begun {
    Pack<Real> r;
    Pack<Real> positive;  ///< max(r, 0)
    Pack<Real> z;
    Pack<Real> t;
  };
  struct Continued {
    Pack<Real> value;  ///< 2 E[φφ]
    Pack<Real> angle;  ///< scale (½ − θ/π) of |r|
    Pack<Real> r;
  };
  explicit NormalisedRelu(Real scale) : half_(broadcast(Real(0.5) * scale)) {
    for (std::size_t i = 0; i < angle_.size(); ++i) {
      angle_[i] = broadcast(scale * detail::ReluPolynomials<Real>::angle[i]);
    }
  }
  /// Local.
  [[nodiscard]] Begun begin(const Pack<Real>& correlation) const {
    Begun begun;
    const Pack<Real> one = broadcast(Real{1});
    const Pack<Real> zero{};
    const auto apart = LaneMask<Real>::below(correlation, broadcast(kEqual));
    begun.r = correlation;
    begun.positive = apart.larger_of(correlation, zero, one);
    begun.z = apart.larger_of(one - magnitude(correlation), zero);
    begun.t = square_root(begun.z);
    return begun;
  }
  /// Local.
  [[nodiscard]] Continued proceed(const Begun& b) const {
    Pack<Real> excess = broadcast(kExcess.back());
    for (std::size_t i = kExcess.size() - 1; i-- > 0;) {
      excess = fma(excess, b.z, broadcast(kExcess[i]));
    }
    Pack<Real> angle = angle_.back();
    for (std::size_t i = angle_.size() - 1; i-- > 0;) angle = fma(angle, b.z, angle_[i]);
    return {fma(b.t * b.z, excess, b.positive), fma(-b.t, angle, half_), b.r};
  }
  /// scale · 2 E[φ'φ']. Local.
  [[nodiscard]] Pack<Real> derivative(const Continued& c) const {
    return half_ + flipped(c.angle, c.r);
  }

 private:
  static Pack<Real> magnitude(const Pack<Real>& r) {
    using Bits = PackBits<Real>;
    return reinterpret_cast<Pack<Real>>(reinterpret_cast<Bits>(r) &
                                        ~detail::PackTypes<Real>::kSign);
  }
  static constexpr Real kEqual = Real{1} - 3 * std::numeric_limits<Real>::epsilon();
  static constexpr auto kExcess = detail::ReluPolynomials<Real>::excess;
  std::array<Pack<Real>, detail::ReluPolynomials<Real>::angle.size()> angle_;
  Pack<Real> half_;
};

}  // namespace thalweg
