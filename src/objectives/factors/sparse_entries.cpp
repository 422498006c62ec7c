#include "objectives/factors/sparse_entries.hpp"

#include <array>
#include <cmath>

#include "base/pack.hpp"
#include "objectives/factors/observations.hpp"

namespace thalweg {

SparseEntries sparse_entries(const MatrixEntries& entries, std::int64_t rows, std::int64_t columns,
                             Subset subset) {
  require_within(subset, entries.size());
  const auto count = static_cast<std::size_t>(entries.size());
  std::vector<double> weight(count, subset.empty() ? 1.0 : 0.0);
  for (const auto k : subset) weight[static_cast<std::size_t>(k)] += 1.0;
  SparseEntries sorted;
  sorted.row_begin.assign(static_cast<std::size_t>(rows) + 1, 0);
  sorted.column_begin.assign(static_cast<std::size_t>(columns) + 1, 0);
  for (std::size_t k = 0; k < count; ++k) {
    if (weight[k] == 0.0) continue;
    sorted.row.push_back(entries.row[k]);
    sorted.column.push_back(entries.column[k]);
    sorted.target.push_back(entries.value[k]);
    sorted.weight.push_back(weight[k]);
    ++sorted.row_begin[static_cast<std::size_t>(entries.row[k]) + 1];
    ++sorted.column_begin[static_cast<std::size_t>(entries.column[k]) + 1];
  }
  for (std::size_t i = 1; i < sorted.row_begin.size(); ++i) {
    sorted.row_begin[i] += sorted.row_begin[i - 1];
  }
  for (std::size_t i = 1; i < sorted.column_begin.size(); ++i) {
    sorted.column_begin[i] += sorted.column_begin[i - 1];
  }
  auto next = sorted.column_begin;
  sorted.by_column.resize(sorted.target.size());
  for (std::size_t k = 0; k < sorted.target.size(); ++k) {
    auto& place = next[static_cast<std::size_t>(sorted.column[k])];
    sorted.by_column[static_cast<std::size_t>(place++)] = static_cast<std::int64_t>(k);
  }
  return sorted;
}

template <class Real>
double sparse_dot(const Real* a, const Real* b, std::int64_t n) {
  constexpr std::int64_t lanes = kLanes<Real>;
  std::array<Pack<Real>, 4> sums{};
  std::int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    for (std::size_t s = 0; s < 4; ++s) {
      const auto at = i + static_cast<std::int64_t>(s) * lanes;
      sums[s] = fma(load(a + at), load(b + at), sums[s]);
    }
  }
  for (; i + lanes <= n; i += lanes) sums[0] = fma(load(a + i), load(b + i), sums[0]);
  std::array<Real, static_cast<std::size_t>(lanes)> parts{};
  store(parts.data(), (sums[0] + sums[1]) + (sums[2] + sums[3]));
  double sum = 0.0;
  for (const Real part : parts) sum += static_cast<double>(part);
  for (; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

template <class Real>
void sparse_add(Real factor, const Real* a, Real* out, std::int64_t n) {
  constexpr std::int64_t lanes = kLanes<Real>;
  const Pack<Real> factors = broadcast(factor);
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) store(out + i, fma(factors, load(a + i), load(out + i)));
  for (; i < n; ++i) out[i] = std::fma(factor, a[i], out[i]);
}

template double sparse_dot(const float*, const float*, std::int64_t);
template double sparse_dot(const double*, const double*, std::int64_t);
template void sparse_add(float, const float*, float*, std::int64_t);
template void sparse_add(double, const double*, double*, std::int64_t);

}  // namespace thalweg
