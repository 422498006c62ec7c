#pragma once

#include <cstdint>
#include <vector>

namespace thalweg {

/// Eigenvalues in ascending order and their eigenvectors.
struct LocalEigen {
  std::vector<double> values;
  std::vector<double> vectors;  ///< n × n row-major: row i belongs to values[i], of length 1
};

/// The eigendecomposition of a symmetric n × n matrix (row-major; its lower triangle is read) by
/// divide and conquer (LAPACK dsyevd), for matrices that one rank can hold: about 9 n³ flops and 4
/// n² numbers. Local; the same bits on every rank. Throws Error where it does not converge or a
/// number is not finite.
LocalEigen local_symmetric_eigen(std::vector<double> matrix, std::int64_t n);

}  // namespace thalweg
