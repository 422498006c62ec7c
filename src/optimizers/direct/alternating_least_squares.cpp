#include "optimizers/direct/alternating_least_squares.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "linalg/gemm.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

namespace {

/// Solves A x = b in place for a symmetric positive definite A of order n, row-major, by Cholesky.
void solve_small(std::span<double> a, std::span<double> b, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) {
    double pivot = a[k * n + k];
    for (std::size_t p = 0; p < k; ++p) pivot -= a[k * n + p] * a[k * n + p];
    pivot = std::sqrt(pivot);
    a[k * n + k] = pivot;
    for (std::size_t i = k + 1; i < n; ++i) {
      double sum = a[i * n + k];
      for (std::size_t p = 0; p < k; ++p) sum -= a[i * n + p] * a[k * n + p];
      a[i * n + k] = sum / pivot;
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t p = 0; p < i; ++p) b[i] -= a[i * n + p] * b[p];
    b[i] /= a[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t p = i + 1; p < n; ++p) b[i] -= a[p * n + i] * b[p];
    b[i] /= a[i * n + i];
  }
}

}  // namespace

AlternatingLeastSquares::AlternatingLeastSquares(const Communicator& team, std::int64_t rows,
                                                 std::int64_t columns, MatrixEntries entries,
                                                 const AlternatingOptions& options)
    : team_(&team),
      rows_(rows),
      columns_(columns),
      entries_(std::move(entries)),
      options_(options),
      of_row_(static_cast<std::size_t>(rows)),
      of_column_(static_cast<std::size_t>(columns)) {
  if (options.rank < 1 || !(options.ridge > 0.0)) {
    throw ConfigurationError(
        fmt::format("alternating least squares: found rank {} and ridge {}, expected at least 1 "
                    "and above 0",
                    options.rank, options.ridge));
  }
  for (std::size_t k = 0; k < entries_.value.size(); ++k) {
    of_row_[static_cast<std::size_t>(entries_.row[k])].push_back(static_cast<std::int64_t>(k));
    of_column_[static_cast<std::size_t>(entries_.column[k])].push_back(
        static_cast<std::int64_t>(k));
  }
  u_.assign(static_cast<std::size_t>(rows * options.rank), 0.0);
  v_.resize(static_cast<std::size_t>(columns * options.rank));
  Stream stream(options.seed, Purpose::initialisation, 0);
  for (double& value : v_) value = stream.normal() / std::sqrt(static_cast<double>(options.rank));
}

void AlternatingLeastSquares::solve(bool rows) {
  const auto n = static_cast<std::size_t>(options_.rank);
  const auto& lists = rows ? of_row_ : of_column_;
  const auto& others = rows ? entries_.column : entries_.row;
  const auto& fixed = rows ? v_ : u_;
  auto& solved = rows ? u_ : v_;
  const Partition partition(static_cast<std::int64_t>(lists.size()), team_->size());
  const Range mine = partition.of(team_->rank());
  std::vector<double> a(n * n);
  std::vector<double> b(n);
  for (std::int64_t i = mine.begin; i < mine.end; ++i) {
    const auto& list = lists[static_cast<std::size_t>(i)];
    std::fill(a.begin(), a.end(), 0.0);
    std::fill(b.begin(), b.end(), 0.0);
    for (const auto k : list) {
      const auto entry = static_cast<std::size_t>(k);
      const double* x = fixed.data() + static_cast<std::size_t>(others[entry]) * n;
      for (std::size_t p = 0; p < n; ++p) {
        b[p] += x[p] * entries_.value[entry];
        for (std::size_t q = 0; q <= p; ++q) a[p * n + q] += x[p] * x[q];
      }
    }
    const double ridge =
        options_.ridge * (options_.by_count ? static_cast<double>(list.size()) : 1.0);
    for (std::size_t p = 0; p < n; ++p) a[p * n + p] += ridge;
    if (!list.empty()) solve_small(a, b, n);
    std::copy(b.begin(), b.end(), solved.begin() + i * options_.rank);
  }
  auto counts = partition.counts();
  for (auto& count : counts) count *= options_.rank;
  team_->all_gather_in_place(std::span<double>(solved), std::span<const std::int64_t>(counts));
}

void AlternatingLeastSquares::sweep() {
  solve(true);
  solve(false);
}

double AlternatingLeastSquares::element(std::int64_t row, std::int64_t column) const {
  double sum = 0.0;
  for (std::int64_t p = 0; p < options_.rank; ++p) {
    sum += u_[static_cast<std::size_t>(row * options_.rank + p)] *
           v_[static_cast<std::size_t>(column * options_.rank + p)];
  }
  return sum;
}

double AlternatingLeastSquares::mean_square(const MatrixEntries& entries) const {
  double sum = 0.0;
  for (std::size_t k = 0; k < entries.value.size(); ++k) {
    const double r = element(entries.row[k], entries.column[k]) - entries.value[k];
    sum += r * r;
  }
  return sum / static_cast<double>(entries.size());
}

double AlternatingLeastSquares::objective() const {
  double sum = mean_square(entries_) * static_cast<double>(entries_.size());
  const auto add = [&](const std::vector<std::vector<std::int64_t>>& lists,
                       const std::vector<double>& factor) {
    for (std::size_t i = 0; i < lists.size(); ++i) {
      double square = 0.0;
      for (std::int64_t p = 0; p < options_.rank; ++p) {
        const double value =
            factor[i * static_cast<std::size_t>(options_.rank) + static_cast<std::size_t>(p)];
        square += value * value;
      }
      sum += options_.ridge * square *
             (options_.by_count ? static_cast<double>(lists[i].size()) : 1.0);
    }
  };
  add(of_row_, u_);
  add(of_column_, v_);
  return sum;
}

std::vector<double> AlternatingLeastSquares::matrix() const {
  std::vector<double> product(static_cast<std::size_t>(rows_ * columns_));
  gemm(false, true, rows_, columns_, options_.rank, 1.0, u_.data(), v_.data(), 0.0, product.data());
  return product;
}

std::vector<double> AlternatingLeastSquares::state() const {
  auto all = u_;
  all.insert(all.end(), v_.begin(), v_.end());
  return all;
}

void AlternatingLeastSquares::restore(std::span<const double> state) {
  std::copy_n(state.begin(), u_.size(), u_.begin());
  std::copy_n(state.begin() + static_cast<std::ptrdiff_t>(u_.size()), v_.size(), v_.begin());
}

}  // namespace thalweg
