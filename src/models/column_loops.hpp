#pragma once

#include <cstdint>
#include <type_traits>

#include "base/pack.hpp"

namespace thalweg {

// Loops over the columns of a row whose body is written once, for a pack of columns and for a
// single one: a template over V, which is Pack<Real> or Real.

/// The number at `from`, or as many from there on as a pack holds.
template <class V, class Real>
inline V take(const Real* from) {
  if constexpr (std::is_same_v<V, Real>) {
    return *from;
  } else {
    return load(from);
  }
}

template <class V, class Real>
inline void put(Real* to, const V& value) {
  if constexpr (std::is_same_v<V, Real>) {
    *to = value;
  } else {
    store(to, value);
  }
}

/// Calls body(V{}, j) for the columns 0 ≤ j < n, pack by pack and the rest one by one.
template <class Real, class Body>
inline void for_columns(std::int64_t n, Body&& body) {
  std::int64_t j = 0;
  for (; j + kLanes<Real> <= n; j += kLanes<Real>) body(Pack<Real>{}, j);
  for (; j < n; ++j) body(Real{}, j);
}

}  // namespace thalweg
