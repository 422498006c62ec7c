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

/// max(q11 q22 − q12², 0), the difference of products rounded once (Kahan): equal inputs (q11 = q12
/// = q22) give exactly 0. What rounded the three before costs it ε q11 q22. Local.
template <class Real>
inline Real determinant(Real q11, Real q12, Real q22) {
  const Real square = q12 * q12;
  const Real square_error = std::fma(q12, q12, -square);
  const Real difference = std::fma(q11, q22, -square) - square_error;
  return difference > 0 ? difference : Real{0};
}

/// Dual of the ReLU (Cho & Saul 2009, arc-cosine kernels of degree 1 and 0), from the variances
/// q11, q22 and the covariance q12: with s = √(q11 q22 − q12²), θ = atan2(s, q12): E[φφ] = s/2π +
/// q12 (½ − θ/2π), E[φ'φ'] = ½ − θ/2π. Not acos: its argument, rounded, costs half the digits near
/// θ = 0. Inputs with q12² ≥ q11 q22 after rounding have θ = 0 exactly; others nearly collinear
/// have an error of √ε in θ, which pair_duals.hpp avoids. About 45 flops. Local.
template <class Real>
inline Dual<Real> relu_dual(Real q11, Real q12, Real q22) {
  constexpr Real kInverseTwoPi = static_cast<Real>(0.15915494309189535);
  const Real s = std::sqrt(determinant(q11, q12, q22));
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

/// Dual of erf (Williams 1997), from the variances, the covariance and D = q11 q22 − q12²: with r =
/// √((1 + 2 q11)(1 + 2 q22) − 4 q12²) = √(1 + 2 (q11 + q22) + 4 D), E[φφ] = (2/π) atan2(2 q12, r),
/// E[φ'φ'] = 4/(π r). Local.
template <class Real>
inline Dual<Real> erf_dual(Real q11, Real q12, Real q22, Real d) {
  constexpr Real kTwoOverPi = static_cast<Real>(0.63661977236758138);
  const Real r = std::sqrt(std::fma(Real{4}, d, std::fma(Real{2}, q11 + q22, Real{1})));
  const Real angle = first_quadrant_angle(Real{2} * std::abs(q12), r);
  return {kTwoOverPi * (q12 < 0 ? -angle : angle), Real{2} * kTwoOverPi / r};
}
template <class Real>
inline Dual<Real> erf_dual(Real q11, Real q12, Real q22) {
  return erf_dual(q11, q12, q22, determinant(q11, q12, q22));
}

/// Dual of GELU, x Φ(x), likewise: with p = q11 q22, P = (1 + q11)(1 + q22), δ = √(P − q12²) =
/// √(1 + q11 + q22 + D), a = atan2(q12, δ): E[φφ] = [(q12² + p δ²)/(P δ) + q12 a]/2π + q12/4,
/// E[φ'φ'] = [1/δ² + (2 + q11 + q22)/P] q12/(2π δ) + ¼ + a/2π. Local.
template <class Real>
inline Dual<Real> gelu_dual(Real q11, Real q12, Real q22, Real d) {
  constexpr Real kInverseTwoPi = static_cast<Real>(0.15915494309189535);
  const Real p = q11 * q22;
  const Real whole = (Real{1} + q11) * (Real{1} + q22);
  const Real delta = std::sqrt((Real{1} + (q11 + q22)) + d);
  const Real inverse = Real{1} / delta;
  const Real angle = first_quadrant_angle(std::abs(q12), delta);
  const Real a = q12 < 0 ? -angle : angle;
  const Real square = q12 * q12;
  const Real value =
      std::fma(q12, a, std::fma(p * delta, delta, square) / whole * inverse) * kInverseTwoPi +
      q12 * Real(0.25);
  const Real derivative =
      std::fma(inverse, inverse, (Real{2} + (q11 + q22)) / whole) * q12 * inverse;
  return {value, std::fma(derivative + a, kInverseTwoPi, Real(0.25))};
}
template <class Real>
inline Dual<Real> gelu_dual(Real q11, Real q12, Real q22) {
  return gelu_dual(q11, q12, q22, determinant(q11, q12, q22));
}

}  // namespace thalweg
