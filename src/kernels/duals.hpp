#pragma once

#include <cmath>

#include "kernels/arctangent.hpp"

namespace thalweg {

/// E[φ(u)φ(v)] and E[φ'(u)φ'(v)] of an activation φ for centred Gaussians (u, v).
template <class Real>
struct Dual {
  Real value;
  Real derivative;
};

/// √max(q11 q22 − q12², 0), the difference of products rounded once (Kahan), so that nearly
/// parallel inputs keep their angle and equal ones (q11 = q12 = q22) give exactly 0. Local.
template <class Real>
inline Real sine_term(Real q11, Real q12, Real q22) {
  const Real square = q12 * q12;
  const Real square_error = std::fma(q12, q12, -square);
  const Real difference = std::fma(q11, q22, -square) - square_error;
  return std::sqrt(difference > 0 ? difference : Real{0});
}

/// Dual of the ReLU (Cho & Saul 2009, arc-cosine kernels of degree 1 and 0), from the variances
/// q11, q22 and the covariance q12: with s = √(q11 q22 − q12²), θ = atan2(s, q12): E[φφ] = s/2π +
/// q12 (½ − θ/2π), E[φ'φ'] = ½ − θ/2π. Not acos: its argument, rounded, costs half the digits near
/// θ = 0. Inputs with q12² ≥ q11 q22 after rounding have θ = 0 exactly. About 45 flops. Local.
template <class Real>
inline Dual<Real> relu_dual(Real q11, Real q12, Real q22) {
  constexpr Real kInverseTwoPi = static_cast<Real>(0.15915494309189535);
  const Real s = sine_term(q11, q12, q22);
  const Real turn = first_quadrant_angle(s, std::abs(q12)) * kInverseTwoPi;
  // For q12 < 0 the angle is π less this one; ½ − θ/2π is then this turn itself, without
  // cancellation.
  const Real half_minus = q12 < 0 ? turn : Real(0.5) - turn;
  return {std::fma(q12, half_minus, s * kInverseTwoPi), half_minus};
}

/// Dual of the rectifier with slopes a for negative and b for positive inputs (leaky ReLU; a = −1,
/// b = 1 is the absolute value): E[φ'φ'] = (a² + b²)/2 − (a − b)² θ/2π, E[φφ] = (a − b)² s/2π +
/// E[φ'φ'] q12. Local.
template <class Real>
inline Dual<Real> rectifier_dual(Real a, Real b, Real q11, Real q12, Real q22) {
  const Real gap = (a - b) * (a - b);
  // (a² + b²)/2 − gap·θ/2π = ab + gap·(½ − θ/2π), whose last factor the ReLU's dual has without
  // cancellation.
  const Dual<Real> relu = relu_dual(q11, q12, q22);
  return {std::fma(gap, relu.value, a * b * q12), std::fma(gap, relu.derivative, a * b)};
}

/// Dual of erf (Williams 1997): with r = √((1 + 2 q11)(1 + 2 q22) − 4 q12²), E[φφ] = (2/π) atan2(2
/// q12, r), E[φ'φ'] = 4/(π r). Local.
template <class Real>
inline Dual<Real> erf_dual(Real q11, Real q12, Real q22) {
  constexpr Real kTwoOverPi = static_cast<Real>(0.63661977236758138);
  const Real r =
      sine_term(std::fma(Real{2}, q11, Real{1}), Real{2} * q12, std::fma(Real{2}, q22, Real{1}));
  const Real angle = first_quadrant_angle(Real{2} * std::abs(q12), r);
  return {kTwoOverPi * (q12 < 0 ? -angle : angle), Real{2} * kTwoOverPi / r};
}

/// Dual of GELU, x Φ(x): with p = q11 q22, P = (1 + q11)(1 + q22), δ = √(P − q12²), a = atan2(q12,
/// δ): E[φφ] = [(q12² + p δ²)/(P δ) + q12 a]/2π + q12/4, E[φ'φ'] = [1/δ² + (1 − p)/P + 1] q12/(2π
/// δ) + ¼ + a/2π. Local.
template <class Real>
inline Dual<Real> gelu_dual(Real q11, Real q12, Real q22) {
  constexpr Real kInverseTwoPi = static_cast<Real>(0.15915494309189535);
  const Real p = q11 * q22;
  const Real whole = (Real{1} + q11) * (Real{1} + q22);
  const Real delta = sine_term(Real{1} + q11, q12, Real{1} + q22);
  const Real inverse = Real{1} / delta;
  const Real angle = first_quadrant_angle(std::abs(q12), delta);
  const Real a = q12 < 0 ? -angle : angle;
  const Real square = q12 * q12;
  const Real value =
      std::fma(q12, a, std::fma(p * delta, delta, square) / whole * inverse) * kInverseTwoPi +
      q12 * Real(0.25);
  const Real derivative =
      std::fma(inverse, inverse, (Real{1} - p) / whole + Real{1}) * q12 * inverse;
  return {value, std::fma(derivative + a, kInverseTwoPi, Real(0.25))};
}

}  // namespace thalweg
