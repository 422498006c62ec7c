#include "linalg/local_eigen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/blas_setup.hpp"
#include "base/error.hpp"

extern "C" void dsyevd_(const char* jobz, const char* uplo, const int* n, double* a, const int* lda,
                        double* w, double* work, const int* lwork, int* iwork, const int* liwork,
                        int* info);

namespace thalweg {

LocalEigen local_symmetric_eigen(std::vector<double> matrix, std::int64_t n) {
  if (static_cast<std::int64_t>(matrix.size()) != n * n) {
    throw Error(
        fmt::format("eigendecomposition: {} numbers for a matrix of order {}", matrix.size(), n));
  }
  if (!std::all_of(matrix.begin(), matrix.end(), [](double x) { return std::isfinite(x); })) {
    throw Error("eigendecomposition: the matrix holds a number that is not finite");
  }
  LocalEigen found;
  if (n == 0) return found;
  found.values.resize(static_cast<std::size_t>(n));
  const int order = narrow(n, "order of a matrix");
  // The formulas of the manual: a query can come back rounded below the true size.
  const int work_size = narrow(1 + 6 * n + 2 * n * n, "work of dsyevd");
  const int integer_size = narrow(3 + 5 * n, "work of dsyevd");
  std::vector<double> work(static_cast<std::size_t>(work_size));
  std::vector<int> integers(static_cast<std::size_t>(integer_size));
  int info = 0;
  // A row-major lower triangle is a column-major upper one; LAPACK's columns are our rows.
  dsyevd_("V", "U", &order, matrix.data(), &order, found.values.data(), work.data(), &work_size,
          integers.data(), &integer_size, &info);
  if (info != 0) throw Error(fmt::format("eigendecomposition: dsyevd returned {}", info));
  found.vectors = std::move(matrix);
  return found;
}

}  // namespace thalweg
