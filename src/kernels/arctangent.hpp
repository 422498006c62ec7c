#pragma once

#include <cmath>
#include <limits>

namespace thalweg {

namespace detail {

// (atan(u)/u − 1)/u² as a polynomial in u² for |u| ≤ tan(π/8), interpolated at Chebyshev nodes with
// 50 digits: error of atan below 6e-17 (double) and 1e-9 (float) before rounding.
inline double atan_tail(double z) {
  double p = 0.022750525406052224;
  p = std::fma(p, z, -0.044833345062807464);
  p = std::fma(p, z, 0.05736332130703195);
  p = std::fma(p, z, -0.066496136895504085);
  p = std::fma(p, z, 0.076910551578496689);
  p = std::fma(p, z, -0.090908525571459675);
  p = std::fma(p, z, 0.11111109636533431);
  p = std::fma(p, z, -0.14285714266096602);
  p = std::fma(p, z, 0.19999999999898407);
  return std::fma(p, z, -0.33333333333333248);
}
inline float atan_tail(float z) {
  float p = -0.064519279987784992F;
  p = std::fma(p, z, 0.10743731427626937F);
  p = std::fma(p, z, -0.14263955592140723F);
  p = std::fma(p, z, 0.19999540483480294F);
  return std::fma(p, z, -0.33333331761167784F);
}

}  // namespace detail

/// atan2(s, a) for s, a ≥ 0: an angle in [0, π/2]; π/2 when both are 0. Absolute error ≤ 1e-15
/// (double), 2e-7 (float); small angles keep their relative accuracy. Branch-free with one
/// division, so that loops over it vectorise. Local.
template <class Real>
inline Real first_quadrant_angle(Real s, Real a) {
  constexpr Real kTanEighth = static_cast<Real>(0.41421356237309503);
  constexpr Real kQuarterPi = static_cast<Real>(0.78539816339744831);
  constexpr Real kTiny = std::numeric_limits<Real>::min();
  const Real low = s < a ? s : a;
  const Real high = s < a ? a : s;
  // Each condition becomes a number once and is arithmetic from there on: written as selects, GCC
  // copies division and polynomial into every combination of them.
  const Real sign = s < a ? Real{1} : Real{-1};
  const Real fold = low > kTanEighth * high ? Real{1} : Real{0};
  // atan(t) = π/4 + atan((t − 1)/(t + 1)) brings t ∈ (tan π/8, 1] into |u| ≤ tan π/8.
  const Real numerator = std::fma(-fold, high, low);
  const Real denominator = std::fma(fold, low, high);
  const Real u = numerator / (denominator > kTiny ? denominator : kTiny);
  const Real z = u * u;
  const Real tail = std::fma(u * z, detail::atan_tail(z), u);
  // The offset is 0, π/4 or π/2, exactly; angles beyond π/4 are measured from π/2 downwards.
  const Real offset = std::fma(sign * fold, kQuarterPi, std::fma(sign, -kQuarterPi, kQuarterPi));
  return std::fma(sign, tail, offset);
}

}  // namespace thalweg
