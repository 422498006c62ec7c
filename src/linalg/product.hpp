#pragma once

#include "linalg/distributed_matrix.hpp"
#include "linalg/factorization.hpp"

namespace thalweg {

enum class Transpose : char { no = 'N', yes = 'T' };

/// Collective over the grid. C ← alpha op(A) op(B) + beta C (PBLAS p?gemm). With beta = 0, C may be
/// uninitialised. Throws Error when the shapes do not fit.
template <class Real>
void multiply(Transpose transpose_a, Transpose transpose_b, Real alpha,
              const DistributedMatrix<Real>& a, const DistributedMatrix<Real>& b, Real beta,
              DistributedMatrix<Real>& c);

/// Collective over the grid. C ← alpha A B + beta C with A symmetric, one triangle stored (p?symm).
template <class Real>
void multiply_symmetric(Triangle triangle, Real alpha, const DistributedMatrix<Real>& a,
                        const DistributedMatrix<Real>& b, Real beta, DistributedMatrix<Real>& c);

}  // namespace thalweg
