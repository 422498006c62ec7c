#pragma once

#include <cstdint>
#include <vector>

namespace thalweg {

/// Eigenvalues in ascending order, and eigenvectors column-major: column k belongs to value k.
struct DenseEigen {
  std::vector<double> values;
  std::vector<double> vectors;
};

/// Local. All eigenpairs of a symmetric n × n matrix (column-major; the triangle at and below the
/// diagonal counts) by divide and conquer (LAPACK dsyevd), about 9 n³ flops. Throws Error when it
/// does not converge or a value is not finite.
DenseEigen dense_symmetric_eigen(std::vector<double> matrix, std::int64_t n);

}  // namespace thalweg
