#pragma once

#include <cstdint>
#include <vector>

namespace thalweg {

<<<<<<< HEAD
/// Eigenvalues of a symmetric matrix, ascending, and orthonormal eigenvectors: vector k occupies
/// vectors[k·n .. k·n + n).
struct SymmetricEigen {
  std::int64_t n = 0;
=======
/// Eigenvalues in ascending order, and eigenvectors column-major: column k belongs to value k.
struct DenseEigen {
>>>>>>> main
  std::vector<double> values;
  std::vector<double> vectors;
};

<<<<<<< HEAD
/// Decomposes a dense symmetric n × n matrix that one rank holds, of which the elements (i, j) with
/// j ≤ i of a row-major array are read. LAPACK's divide and conquer (dsyevd), about 9 n³ flops;
/// takes 3 n² numbers in all, the given matrix among them. Local. Throws Error for elements that
/// are not finite or where LAPACK does not converge.
SymmetricEigen symmetric_eigen(std::vector<double> matrix, std::int64_t n);
=======
/// Local. All eigenpairs of a symmetric n × n matrix (column-major; the triangle at and below the
/// diagonal counts) by divide and conquer (LAPACK dsyevd), about 9 n³ flops. Throws Error when it
/// does not converge or a value is not finite.
DenseEigen dense_symmetric_eigen(std::vector<double> matrix, std::int64_t n);
>>>>>>> main

}  // namespace thalweg
