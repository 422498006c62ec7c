#pragma once

#include <cstdint>
#include <vector>

namespace thalweg {

/// Eigenvalues of a symmetric matrix, ascending, and orthonormal eigenvectors: vector k occupies
/// vectors[k·n .. k·n + n).
struct SymmetricEigen {
  std::int64_t n = 0;
  std::vector<double> values;
  std::vector<double> vectors;
};

/// Decomposes a dense symmetric n × n matrix that one rank holds, of which the elements (i, j) with
/// j ≤ i of a row-major array are read. LAPACK's divide and conquer (dsyevd), about 9 n³ flops;
/// takes 3 n² numbers in all, the given matrix among them. Local. Throws Error for elements that
/// are not finite or where LAPACK does not converge.
SymmetricEigen symmetric_eigen(std::vector<double> matrix, std::int64_t n);

}  // namespace thalweg
