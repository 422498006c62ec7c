#pragma once

#include <cmath>

#include "kernels/arctangent.hpp"

namespace thalweg {

// Duals of the piecewise linear activations for a pair of inputs that carries the distance of its
// correlation from ±1, which q11 q22 − q12² cannot give: rounded, it makes collinear inputs seem an
// angle √ε apart. Every update below takes differences of small numbers only, so that the angle has
// an absolute error of some ε in each layer, ε the machine's.

/// Two centred Gaussians.
template <class Real>
struct Pair {
  Real scale;       ///< Q = √(q11 q22)
  Real covariance;  ///< q12
  Real gap;         ///< Q − |q12| ≥ 0, known to ε Q θ + ε² Q for an angle θ from collinear
};

/// What an activation makes of a pair: covariance v12, gap √(v11 v22) − |v12|, E[φ'φ'].
template <class Real>
struct PairDual {
  Real value;
  Real gap;
  Real derivative;
};

/// Sine (times Q), turn θ/2π, and e = (Q sin θ − |q12| θ)/2π ≥ 0, of the angle θ ∈ [0, π/2] between
/// an input and the line of the other. About 35 flops, one division, one square root. Local.
template <class Real>
struct PairAngle {
  Real sine;
  Real turn;
  Real excess;

  explicit PairAngle(const Pair<Real>& pair) {
    constexpr Real kInverseTwoPi = static_cast<Real>(0.15915494309189535);
    const Real size = std::abs(pair.covariance);
    const Real square = pair.gap * (pair.scale + size);
    sine = std::sqrt(square > 0 ? square : Real{0});
    const Real angle = first_quadrant_angle(sine, size);
    turn = angle * kInverseTwoPi;
    const Real e = std::fma(-angle, size, sine) * kInverseTwoPi;
    excess = e > 0 ? e : Real{0};
  }
};

/// The ReLU (Cho & Saul 2009): v12 = max(q12, 0)/2 + e, and with v11 v22 = q11 q22/4 the gap is
/// (Q − |q12|)/2 − e, or Q/2 − e for q12 < 0. Equal inputs give q/2 and ½ exactly, opposite ones 0
/// and 0. Local.
template <class Real>
inline PairDual<Real> relu_dual(const Pair<Real>& pair) {
  const PairAngle<Real> angle(pair);
  const bool negative = pair.covariance < 0;
  // For q12 < 0 the angle is π less this one; ½ − θ/2π is then this turn itself.
  return {std::fma(Real(0.5), negative ? Real{0} : pair.covariance, angle.excess),
          std::fma(Real(0.5), negative ? pair.scale : pair.gap, -angle.excess),
          negative ? angle.turn : Real(0.5) - angle.turn};
}

/// The rectifier with slopes a for negative and b for positive inputs. With m = (a² + b²)/2 and g =
/// (a − b)² it has v11 v22 = (m Q)² and v12 = g times the ReLU's + a b q12, which may be negative
/// for a b > 0. Local.
template <class Real>
inline PairDual<Real> rectifier_dual(Real a, Real b, const Pair<Real>& pair) {
  const PairAngle<Real> angle(pair);
  const PairDual<Real> relu = relu_dual(pair);
  const Real g = (a - b) * (a - b);
  const Real product = a * b;
  const Real mean = Real(0.5) * std::fma(a, a, b * b);
  const Real size = std::abs(product);
  // m − |a b|, without cancellation.
  const Real rest = Real(0.5) * (std::abs(a) - std::abs(b)) * (std::abs(a) - std::abs(b));
  const Real value = std::fma(g, relu.value, product * pair.covariance);
  const Real part = g * angle.excess;
  const Real same = std::fma(mean, pair.gap, -part);
  const Real opposite =
      std::fma(size, pair.gap, std::fma(rest, pair.scale, product > 0 ? part : -part));
  // The sign has turned, which takes a right angle nearly: nothing cancels.
  const Real turned = std::fma(mean, pair.scale, -value);
  const bool turns = product > 0 && value >= 0;
  return {value, pair.covariance < 0 ? (turns ? turned : opposite) : same,
          std::fma(g, relu.derivative, product)};
}

/// The pair after a dense layer, q ← w v + b for variances and covariance. `spread` is
/// √(q11 q22) − (w √(v11 v22) + b), see dense_spread. Local.
template <class Real>
inline Real dense_gap(Real w, Real b, Real spread, Real value, Real gap, Real covariance) {
  const Real kept = std::fma(w, gap, spread);
  // Of a negative v12: still negative, or pushed over by the bias.
  const Real left = covariance < 0 ? b + b : Real{2} * w * std::abs(value);
  return value < 0 ? kept + left : kept;
}

/// √((a² + b)(c² + b)) − (a c + b) = ½ (S₁ C₂ − C₁ S₂)² with S² = p − √b, C² = p + √b for p =
/// √(a² + b) of each input: cosh(τ₁ − τ₂) − 1 = 2 sinh²((τ₁ − τ₂)/2) for a = √b sinh τ. Exactly 0
/// for equal inputs. Local.
template <class Real>
inline Real dense_spread(Real s1, Real c1, Real s2, Real c2) {
  const Real difference = s1 * c2 - c1 * s2;
  return Real(0.5) * difference * difference;
}

}  // namespace thalweg
