#pragma once

#include <vector>

#include "linalg/distributed_matrix.hpp"

namespace thalweg {

/// The triangle of a symmetric matrix that is stored and used; the other one is never read or
/// written.
enum class Triangle : char { lower = 'L', upper = 'U' };

/// Collective over comm. The grid for factoring an upper triangle: rows ≥ columns, all ranks used.
/// A panel of the factor is then spread over few ranks; on 1 × 2 ranks the upper triangle takes 2.3
/// times as long as on 2 × 1 (the lower one the other way round).
[[nodiscard]] ProcessGrid tall_grid(const Communicator& comm);

/// Collective over the grid. Overwrites the triangle of a symmetric positive-definite n × n matrix
/// with its Cholesky factor, n³/3 flops: the upper one by upper_cholesky, the lower one by
/// ScaLAPACK's p?potrf. Throws Error on every rank, with the order of the leading minor, when the
/// matrix is not positive definite.
template <class Real>
void factor_cholesky(DistributedMatrix<Real>& matrix, Triangle triangle);

/// Collective over the grid. Overwrites the n × m right-hand sides with the solution (p?potrs),
/// from a factor of factor_cholesky; both have the same block size. 2 n² m flops.
template <class Real>
void solve_cholesky(const DistributedMatrix<Real>& factor, Triangle triangle,
                    DistributedMatrix<Real>& right_hand_sides);

/// Collective over the grid. Eigenvalues of a symmetric n × n matrix in ascending order on every
/// rank, and their eigenvectors as the columns of `vectors` (n × n, same layout). Destroys
/// `matrix`. Divide and conquer (p?syevd). Throws Error when it does not converge.
template <class Real>
std::vector<Real> symmetric_eigen(DistributedMatrix<Real>& matrix, Triangle triangle,
                                  DistributedMatrix<Real>& vectors);

}  // namespace thalweg
