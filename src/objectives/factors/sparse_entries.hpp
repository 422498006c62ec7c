#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/matrix_entries.hpp"
#include "objectives/objective.hpp"

namespace thalweg {

/// Observed entries by row and by column, of the whole matrix on every rank.
struct SparseEntries {
  std::vector<std::int64_t> row_begin;     ///< first entry of each row; rows + 1
  std::vector<std::int64_t> row;           ///< of each entry
  std::vector<std::int64_t> column;        ///< of each entry
  std::vector<double> target;              ///< of each entry
  std::vector<double> weight;              ///< how often each counts
  std::vector<std::int64_t> column_begin;  ///< first place in `by_column` of each column
  std::vector<std::int64_t> by_column;     ///< entries, column after column

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(target.size()); }
};

/// The entries of a subset (empty: all), sorted both ways; one asked for twice counts twice. Local.
SparseEntries sparse_entries(const MatrixEntries& entries, std::int64_t rows, std::int64_t columns,
                             Subset subset);

/// Σ a_i b_i in an order fixed by n. Local.
template <class Real>
double sparse_dot(const Real* a, const Real* b, std::int64_t n);
/// out ← out + factor · a, each element rounded once. Local.
template <class Real>
void sparse_add(Real factor, const Real* a, Real* out, std::int64_t n);

}  // namespace thalweg
