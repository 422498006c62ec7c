#include "linalg/dense_svd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/blas_setup.hpp"
#include "base/error.hpp"

extern "C" void dgesdd_(const char* jobz, const int* m, const int* n, double* a, const int* lda,
                        double* s, double* u, const int* ldu, double* vt, const int* ldvt,
                        double* work, const int* lwork, int* iwork, int* info);

namespace thalweg {

DenseSvd dense_svd(std::vector<double> matrix, std::int64_t rows, std::int64_t columns,
                   bool vectors) {
  if (!std::all_of(matrix.begin(), matrix.end(), [](double x) { return std::isfinite(x); })) {
    throw Error(fmt::format("a {} x {} matrix has elements that are not finite", rows, columns));
  }
  // LAPACK reads columns: what it sees is the transposed matrix, whose left vectors are our right.
  const int m = narrow(columns, "columns");
  const int n = narrow(rows, "rows");
  const int k = std::min(m, n);
  const auto sized = [&](std::int64_t other) {
    return std::vector<double>(vectors ? static_cast<std::size_t>(k * other) : 1);
  };
  DenseSvd svd{std::vector<double>(static_cast<std::size_t>(k)), sized(rows), sized(columns)};
  std::vector<int> iwork(8 * static_cast<std::size_t>(k));
  const char* job = vectors ? "S" : "N";
  const int ld_right = vectors ? m : 1;
  const int ld_left = vectors ? k : 1;
  int info = 0;
  int lwork = -1;
  double best = 0.0;
  dgesdd_(job, &m, &n, matrix.data(), &m, svd.values.data(), svd.right.data(), &ld_right,
          svd.left.data(), &ld_left, &best, &lwork, iwork.data(), &info);
  // The documented least for "S", since a query may be rounded down.
  const std::int64_t order = k;
  const std::int64_t least = 4 * order * order + 7 * order + std::max(rows, columns);
  lwork = narrow(std::max(least, static_cast<std::int64_t>(best)), "work of dgesdd");
  std::vector<double> work(static_cast<std::size_t>(lwork));
  dgesdd_(job, &m, &n, matrix.data(), &m, svd.values.data(), svd.right.data(), &ld_right,
          svd.left.data(), &ld_left, work.data(), &lwork, iwork.data(), &info);
  if (info != 0) throw Error(fmt::format("dgesdd did not converge (info {})", info));
  if (!vectors) {
    svd.left.clear();
    svd.right.clear();
  }
  return svd;
}

}  // namespace thalweg
