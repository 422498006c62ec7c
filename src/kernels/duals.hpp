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

}  // namespace thalweg
