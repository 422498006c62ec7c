#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "linalg/distributed_matrix.hpp"

namespace thalweg {

/// How a long factorisation tells of itself: the share of its flops that is done. Called on every
/// rank.
using FactorProgress = std::function<void(double done)>;

/// Collective over the grid. Overwrites the upper triangle of a symmetric positive-definite n × n
/// matrix with U, A = UᵀU, n³/3 flops; the strictly lower triangle is neither read nor written.
/// Returns 0, or the order of the first leading minor that is not positive in this precision (the
/// triangle is then of no use).
///
/// Right-looking with block rows taken several at a time, so that the trailing matrix is streamed
/// through memory once for about a thousand rows: each block row is factored, sent down the grid's
/// columns and along its rows, and a rank then updates what it owns by a few large GEMMs. Index
/// arithmetic in 64 bits throughout. Memory on top of the matrix: two panels of about 1024 × n over
/// the grid's columns and rows (cholesky_bytes).
template <class Real>
std::int64_t upper_cholesky(DistributedMatrix<Real>& matrix, const FactorProgress& progress = {});

/// Local. Bytes that a rank allocates in upper_cholesky.
[[nodiscard]] std::int64_t cholesky_bytes(std::int64_t n, std::int64_t block, int grid_rows,
                                          int grid_columns, std::int64_t element_bytes);

/// Collective over the grid. Overwrites `columns` (n × m, column-major, the same on every rank)
/// with (UᵀU)⁻¹ columns on every rank. 2 n² m flops. For a given grid always the same bits.
template <class Real>
void solve_upper(const DistributedMatrix<Real>& factor, std::span<Real> columns);

/// Collective over the grid. The diagonal in float64, on every rank.
template <class Real>
[[nodiscard]] std::vector<double> diagonal_of(const DistributedMatrix<Real>& matrix);

/// Collective over the grid. Overwrites the upper triangle U with U⁻¹ (p?trtri), n³/3 flops.
template <class Real>
void invert_upper(DistributedMatrix<Real>& factor);

/// Collective over the grid. Σ_c M_rc² over c ≥ r for every row r, on every rank: the diagonal of
/// (UᵀU)⁻¹ when M = U⁻¹.
template <class Real>
[[nodiscard]] std::vector<double> squared_upper_rows(const DistributedMatrix<Real>& matrix);

}  // namespace thalweg
