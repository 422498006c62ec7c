#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#if defined(__AVX512F__) || (defined(__AVX2__) && defined(__FMA__))
#include <immintrin.h>
#endif

namespace thalweg {

// Vectors of the machine's width in the compiler's own notation (+, −, *, comparisons). What that
// notation lacks stands here, as an instruction where there is one and lane by lane elsewhere;
// every operation is rounded once, so that a number does not depend on the width.
#if defined(__AVX512F__)
inline constexpr int kPackBytes = 64;
#elif defined(__AVX2__) && defined(__FMA__)
inline constexpr int kPackBytes = 32;
#else
inline constexpr int kPackBytes = 16;
#endif

namespace detail {

template <class Real>
struct PackTypes;
template <>
struct PackTypes<float> {
  using Values __attribute__((vector_size(kPackBytes))) = float;
  using Bits __attribute__((vector_size(kPackBytes))) = std::int32_t;
  static constexpr std::int32_t kSign = INT32_MIN;
};
template <>
struct PackTypes<double> {
  using Values __attribute__((vector_size(kPackBytes))) = double;
  using Bits __attribute__((vector_size(kPackBytes))) = std::int64_t;
  static constexpr std::int64_t kSign = INT64_MIN;
};

}  // namespace detail

template <class Real>
using Pack = typename detail::PackTypes<Real>::Values;
template <class Real>
using PackBits = typename detail::PackTypes<Real>::Bits;
/// Lanes of a pack.
template <class Real>
inline constexpr std::int64_t kLanes = kPackBytes / static_cast<std::int64_t>(sizeof(Real));

/// Of any address; of a vector's own alignment it costs no more than an aligned one.
template <class Real>
inline Pack<Real> load(const Real* from) {
  Pack<Real> values;
  std::memcpy(&values, from, sizeof values);
  return values;
}
template <class Real>
inline void store(Real* to, const Pack<Real>& values) {
  std::memcpy(to, &values, sizeof values);
}
template <class Real>
inline Pack<Real> broadcast(Real value) {
  return value - Pack<Real>{};
}

#if defined(__AVX512F__)
inline Pack<float> fma(Pack<float> a, Pack<float> b, Pack<float> c) {
  return _mm512_fmadd_ps(a, b, c);
}
inline Pack<double> fma(Pack<double> a, Pack<double> b, Pack<double> c) {
  return _mm512_fmadd_pd(a, b, c);
}
inline Pack<float> square_root(Pack<float> a) {
  return _mm512_maskz_sqrt_ps(static_cast<__mmask16>(-1), a);
}
inline Pack<double> square_root(Pack<double> a) {
  return _mm512_maskz_sqrt_pd(static_cast<__mmask8>(-1), a);
}
inline Pack<float> larger(Pack<float> a, Pack<float> b) {
  return _mm512_maskz_max_ps(static_cast<__mmask16>(-1), a, b);
}
inline Pack<double> larger(Pack<double> a, Pack<double> b) {
  return _mm512_maskz_max_pd(static_cast<__mmask8>(-1), a, b);
}
inline Pack<float> smaller(Pack<float> a, Pack<float> b) {
  return _mm512_maskz_min_ps(static_cast<__mmask16>(-1), a, b);
}
inline Pack<double> smaller(Pack<double> a, Pack<double> b) {
  return _mm512_maskz_min_pd(static_cast<__mmask8>(-1), a, b);
}
/// a with its sign flipped where b is negative.
inline Pack<float> flipped(Pack<float> a, Pack<float> b) {
  constexpr int kAXorBAndC = 0x78;
  return _mm512_castsi512_ps(
      _mm512_ternarylogic_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b),
                                _mm512_set1_epi32(detail::PackTypes<float>::kSign), kAXorBAndC));
}
inline Pack<double> flipped(Pack<double> a, Pack<double> b) {
  constexpr int kAXorBAndC = 0x78;
  return _mm512_castsi512_pd(
      _mm512_ternarylogic_epi64(_mm512_castpd_si512(a), _mm512_castpd_si512(b),
                                _mm512_set1_epi64(detail::PackTypes<double>::kSign), kAXorBAndC));
}
#elif defined(__AVX2__) && defined(__FMA__)
inline Pack<float> fma(Pack<float> a, Pack<float> b, Pack<float> c) {
  return _mm256_fmadd_ps(a, b, c);
}
inline Pack<double> fma(Pack<double> a, Pack<double> b, Pack<double> c) {
  return _mm256_fmadd_pd(a, b, c);
}
inline Pack<float> square_root(Pack<float> a) {
  return _mm256_sqrt_ps(a);
}
inline Pack<double> square_root(Pack<double> a) {
  return _mm256_sqrt_pd(a);
}
inline Pack<float> larger(Pack<float> a, Pack<float> b) {
  return _mm256_max_ps(a, b);
}
inline Pack<double> larger(Pack<double> a, Pack<double> b) {
  return _mm256_max_pd(a, b);
}
inline Pack<float> smaller(Pack<float> a, Pack<float> b) {
  return _mm256_min_ps(a, b);
}
inline Pack<double> smaller(Pack<double> a, Pack<double> b) {
  return _mm256_min_pd(a, b);
}
#else
template <class V>
inline V fma(V a, V b, V c) {
  V result;
  for (std::size_t i = 0; i < sizeof(V) / sizeof(a[0]); ++i) result[i] = std::fma(a[i], b[i], c[i]);
  return result;
}
template <class V>
inline V square_root(V a) {
  V result;
  for (std::size_t i = 0; i < sizeof(V) / sizeof(a[0]); ++i) result[i] = std::sqrt(a[i]);
  return result;
}
template <class V>
inline V larger(V a, V b) {
  return a > b ? a : b;
}
template <class V>
inline V smaller(V a, V b) {
  return a < b ? a : b;
}
#endif
#if !defined(__AVX512F__)
template <class V>
inline V flipped(V a, V b) {
  using Real = std::remove_cvref_t<decltype(a[0])>;
  using Bits = PackBits<Real>;
  return reinterpret_cast<V>(reinterpret_cast<Bits>(a) ^
                             (reinterpret_cast<Bits>(b) & detail::PackTypes<Real>::kSign));
}
#endif

/// Which lanes of a pack count.
template <class Real>
class LaneMask {
 public:
  LaneMask() = default;
  void set(std::int64_t lane, bool counts) {
#if defined(__AVX512F__)
    const auto bit = static_cast<Word>(1U << lane);
    word_ = counts ? static_cast<Word>(word_ | bit) : static_cast<Word>(word_ & ~bit);
#else
    bits_[lane] = counts ? -1 : 0;
#endif
  }
  /// The lanes with a < limit.
  [[nodiscard]] static LaneMask below(Pack<Real> a, Pack<Real> limit) {
    LaneMask mask;
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<Real, float>) {
      mask.word_ = _mm512_cmp_ps_mask(a, limit, _CMP_LT_OQ);
    } else {
      mask.word_ = _mm512_cmp_pd_mask(a, limit, _CMP_LT_OQ);
    }
#else
    mask.bits_ = a < limit;
#endif
    return mask;
  }
  /// The larger of a and b where the lane counts, `otherwise` elsewhere.
  [[nodiscard]] Pack<Real> larger_of(Pack<Real> a, Pack<Real> b, Pack<Real> otherwise) const {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<Real, float>) {
      return _mm512_mask_max_ps(otherwise, word_, a, b);
    } else {
      return _mm512_mask_max_pd(otherwise, word_, a, b);
    }
#else
    return bits_ ? larger(a, b) : otherwise;
#endif
  }
  /// As above, 0 elsewhere.
  [[nodiscard]] Pack<Real> larger_of(Pack<Real> a, Pack<Real> b) const {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<Real, float>) {
      return _mm512_maskz_max_ps(word_, a, b);
    } else {
      return _mm512_maskz_max_pd(word_, a, b);
    }
#else
    return bits_ ? larger(a, b) : Pack<Real>{};
#endif
  }
  /// a + b where the lane counts, a elsewhere.
  [[nodiscard]] Pack<Real> add(Pack<Real> a, Pack<Real> b) const {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<Real, float>) {
      return _mm512_mask_add_ps(a, word_, a, b);
    } else {
      return _mm512_mask_add_pd(a, word_, a, b);
    }
#else
    return a + reinterpret_cast<Pack<Real> >(reinterpret_cast<PackBits<Real> >(b) & bits_);
#endif
  }

 private:
#if defined(__AVX512F__)
  using Word = std::conditional_t<std::is_same_v<Real, float>, __mmask16, __mmask8>;
  Word word_ = static_cast<Word>(~0U);
#else
  PackBits<Real> bits_ = ~PackBits<Real>{};
#endif
};

}  // namespace thalweg
