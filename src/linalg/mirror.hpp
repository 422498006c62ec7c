#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "linalg/distributed_matrix.hpp"

namespace thalweg {

/// A symmetric matrix whose upper triangle is about to be factored in place is kept in the strictly
/// lower triangle of the same storage, which the factorisation leaves alone, with its diagonal
/// beside it: no second matrix.

/// Collective over the grid. Copies the strictly upper triangle of a square matrix to the lower
/// one; returns the diagonal, on every rank. Sends n²/2 elements in all.
template <class Real>
std::vector<double> mirror_down(DistributedMatrix<Real>& matrix);

/// Collective over the grid. Brings back the upper triangle, diagonal included.
template <class Real>
void mirror_up(DistributedMatrix<Real>& matrix, std::span<const double> diagonal);

/// Collective over the grid. products (n × m, column-major, on every rank) ← K · columns with K
/// from the strictly lower triangle and the diagonal; elements are widened, sums are in float64.
/// For a given grid always the same bits.
template <class Real>
void multiply_mirrored(const DistributedMatrix<Real>& matrix, std::span<const double> diagonal,
                       std::span<const double> columns, std::span<double> products);

}  // namespace thalweg
