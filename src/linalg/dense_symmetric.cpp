#include "linalg/dense_symmetric.hpp"

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

DenseEigen dense_symmetric_eigen(std::vector<double> matrix, std::int64_t n) {
  const int size = narrow(n, "matrix");
  if (!std::all_of(matrix.begin(), matrix.end(), [](double x) { return std::isfinite(x); })) {
    throw Error(fmt::format("a symmetric matrix of {} rows has values that are not finite", n));
  }
  DenseEigen eigen{std::vector<double>(static_cast<std::size_t>(n)), {}};
  int info = 0;
  double work_size = 0.0;
  int iwork_size = 0;
  const int query = -1;
  dsyevd_("V", "L", &size, matrix.data(), &size, eigen.values.data(), &work_size, &query,
          &iwork_size, &query, &info);
  // 1 + 6n + 2n² is the documented need; the query rounds it down for some n.
  const std::int64_t least = 1 + 6 * n + 2 * n * n;
  const int lwork = narrow(std::max(least, static_cast<std::int64_t>(work_size)), "work of dsyevd");
  const int liwork = std::max(3 + 5 * size, iwork_size);
  std::vector<double> work(static_cast<std::size_t>(lwork));
  std::vector<int> iwork(static_cast<std::size_t>(liwork));
  dsyevd_("V", "L", &size, matrix.data(), &size, eigen.values.data(), work.data(), &lwork,
          iwork.data(), &liwork, &info);
  if (info != 0) throw Error(fmt::format("dsyevd did not converge (info {})", info));
  eigen.vectors = std::move(matrix);
  return eigen;
}

}  // namespace thalweg
