#include "models/shard_gemm.hpp"

#include <algorithm>
#include <cstring>

#include "base/aligned.hpp"
#include "base/philox.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

namespace {

/// Rows handed to one GEMM: enough to make packing the weights cheap, few enough to bound what is
/// tried.
constexpr std::int64_t kRowsTogether = 4096;

template <class Real>
AlignedVector<Real> random_values(std::int64_t n, std::uint64_t index) {
  Stream stream(0, Purpose::probe, index);
  AlignedVector<Real> values(static_cast<std::size_t>(n));
  for (auto& value : values) value = static_cast<Real>(stream.uniform(-1.0, 1.0));
  return values;
}

template <class Real>
bool same_bits(const AlignedVector<Real>& a, const AlignedVector<Real>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(Real)) == 0;
}

template <class Real>
void rows_alone(std::int64_t rows, std::int64_t shard, const Real* in, const Real* w,
                bool transposed, Real* out, std::int64_t n, std::int64_t k, Real beta) {
  for (std::int64_t at = 0; at < rows; at += shard) {
    gemm(false, transposed, std::min(shard, rows - at), n, k, Real{1}, in + at * k, w, beta,
         out + at * n);
  }
}

}  // namespace

template <class Real>
std::int64_t ShardGemm<Real>::trial_numbers(std::int64_t rows, std::int64_t n, std::int64_t k) {
  return std::min(rows, kRowsTogether) * (k + 2 * n) + n * k;
}

template <class Real>
bool ShardGemm<Real>::together(std::int64_t rows, std::int64_t shard, bool transposed,
                               bool accumulate, std::int64_t n, std::int64_t k) {
  if (rows <= shard) return true;
  const auto [entry, is_new] =
      together_.try_emplace({rows, shard, transposed, accumulate, n, k}, false);
  if (is_new) {
    const auto in = random_values<Real>(rows * k, 1);
    const auto w = random_values<Real>(n * k, 2);
    auto once = random_values<Real>(rows * n, 3);
    auto alone = once;
    const Real beta = accumulate ? Real{1} : Real{0};
    gemm(false, transposed, rows, n, k, Real{1}, in.data(), w.data(), beta, once.data());
    rows_alone(rows, shard, in.data(), w.data(), transposed, alone.data(), n, k, beta);
    entry->second = same_bits(once, alone);
  }
  return entry->second;
}

template <class Real>
void ShardGemm<Real>::rows_times(const BatchLayout& layout, const Real* in, const Real* w,
                                 bool transposed, Real* out, std::int64_t n, std::int64_t k,
                                 bool accumulate) {
  const std::int64_t total = layout.rows().size();
  const std::int64_t shard = layout.shard();
  const std::int64_t group = std::max(shard, kRowsTogether / shard * shard);
  const Real beta = accumulate ? Real{1} : Real{0};
  for (std::int64_t at = 0; at < total; at += group) {
    const std::int64_t rows = std::min(group, total - at);
    if (together(rows, shard, transposed, accumulate, n, k)) {
      gemm(false, transposed, rows, n, k, Real{1}, in + at * k, w, beta, out + at * n);
    } else {
      rows_alone(rows, shard, in + at * k, w, transposed, out + at * n, n, k, beta);
    }
  }
}

template <class Real>
bool ShardGemm<Real>::adds(std::int64_t rows, std::int64_t m, std::int64_t n) {
  const auto [entry, is_new] = adds_.try_emplace({rows, m, n}, false);
  if (is_new) {
    const auto a = random_values<Real>(rows * m, 4);
    const auto b = random_values<Real>(rows * n, 5);
    auto fused = random_values<Real>(m * n, 6);
    AlignedVector<Real> product(static_cast<std::size_t>(m * n));
    gemm(true, false, m, n, rows, Real{1}, a.data(), b.data(), Real{1}, fused.data());
    gemm(true, false, m, n, rows, Real{1}, a.data(), b.data(), Real{0}, product.data());
    // What was added to is drawn again, so that two arrays of this size are enough.
    Stream stream(0, Purpose::probe, 6);
    for (auto& value : product) value += static_cast<Real>(stream.uniform(-1.0, 1.0));
    entry->second = same_bits(fused, product);
  }
  return entry->second;
}

template <class Real>
void ShardGemm<Real>::outer(std::int64_t rows, const Real* a, const Real* b, Real* out,
                            std::int64_t m, std::int64_t n, bool add) {
  if (!add || adds(rows, m, n)) {
    gemm(true, false, m, n, rows, Real{1}, a, b, add ? Real{1} : Real{0}, out);
    return;
  }
  AlignedVector<Real> product(static_cast<std::size_t>(m * n));
  gemm(true, false, m, n, rows, Real{1}, a, b, Real{0}, product.data());
  for (std::size_t i = 0; i < product.size(); ++i) out[i] += product[i];
}

template class ShardGemm<float>;
template class ShardGemm<double>;

}  // namespace thalweg
