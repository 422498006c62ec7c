#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

namespace thalweg {

/// e^x for x ≤ 0 within 1 unit in the last place, branch-free, so that loops vectorise and an
/// element's bits are the same in a vector as alone (which no vector library promises of std::exp).
/// x = n ln 2 + r, |r| ≤ ln 2/2, ln 2 in two parts, Taylor's polynomial of e^r of degree 13 (float:
/// 7), 2ⁿ by its bits. 0 where the result would be subnormal (x < −708, float −87). Local.
template <class Real>
inline Real exponential(Real x) {
  static_assert(std::is_floating_point_v<Real>);
  constexpr bool wide = std::is_same_v<Real, double>;
  using Bits = std::conditional_t<wide, std::uint64_t, std::uint32_t>;
  constexpr int mantissa = wide ? 52 : 23;
  constexpr Bits bias = wide ? 1023 : 127;
  constexpr Real least = wide ? Real(-708.0) : Real(-87.0);
  constexpr Real log2e = Real(1.4426950408889634);
  constexpr Real high = wide ? Real(0x1.62e42fefap-1) : Real(0x1.62ep-1);
  constexpr Real low = wide ? Real(0x1.cf79abc9e3b39p-40) : Real(0x1.0bfbe8p-15);
  // Adding 1.5 · 2^mantissa rounds to an integer and leaves it in the low bits.
  constexpr Real magic = static_cast<Real>(Bits{3} << (mantissa - 1));

  const Real safe = x > least ? x : least;
  const Real shifted = std::fma(safe, log2e, magic);
  const Real n = shifted - magic;
  const Real r = std::fma(-n, low, std::fma(-n, high, safe));
  Real p;
  if constexpr (wide) {
    p = Real(1.0 / 6227020800.0);
    p = std::fma(p, r, Real(1.0 / 479001600.0));
    p = std::fma(p, r, Real(1.0 / 39916800.0));
    p = std::fma(p, r, Real(1.0 / 3628800.0));
    p = std::fma(p, r, Real(1.0 / 362880.0));
    p = std::fma(p, r, Real(1.0 / 40320.0));
    p = std::fma(p, r, Real(1.0 / 5040.0));
  } else {
    p = Real(1.0 / 5040.0);
  }
  p = std::fma(p, r, Real(1.0 / 720.0));
  p = std::fma(p, r, Real(1.0 / 120.0));
  p = std::fma(p, r, Real(1.0 / 24.0));
  p = std::fma(p, r, Real(1.0 / 6.0));
  p = std::fma(p, r, Real(0.5));
  p = std::fma(p, r, Real(1.0));
  p = std::fma(p, r, Real(1.0));
  const Bits exponent = (std::bit_cast<Bits>(shifted) + bias) << mantissa;
  const Real result = p * std::bit_cast<Real>(exponent);
  return x > least ? result : Real{0};
}

}  // namespace thalweg
