#include "linalg/factorization.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "base/blas_setup.hpp"
#include "base/error.hpp"
#include "linalg/dense_symmetric.hpp"
#include "linalg/scalapack.hpp"
#include "linalg/upper_cholesky.hpp"

namespace thalweg {

namespace {

constexpr int kOne = 1;

void potrf(const char* uplo, int n, double* a, const int* d, int* info) {
  pdpotrf_(uplo, &n, a, &kOne, &kOne, d, info);
}
void potrf(const char* uplo, int n, float* a, const int* d, int* info) {
  pspotrf_(uplo, &n, a, &kOne, &kOne, d, info);
}
void potrs(const char* uplo, int n, int m, const double* a, const int* da, double* b, const int* db,
           int* info) {
  pdpotrs_(uplo, &n, &m, a, &kOne, &kOne, da, b, &kOne, &kOne, db, info);
}
void potrs(const char* uplo, int n, int m, const float* a, const int* da, float* b, const int* db,
           int* info) {
  pspotrs_(uplo, &n, &m, a, &kOne, &kOne, da, b, &kOne, &kOne, db, info);
}
void syevd(const char* uplo, int n, double* a, const int* da, double* w, double* z, const int* dz,
           double* work, int lwork, int* iwork, int liwork, int* info) {
  pdsyevd_("V", uplo, &n, a, &kOne, &kOne, da, w, z, &kOne, &kOne, dz, work, &lwork, iwork, &liwork,
           info);
}
void syevd(const char* uplo, int n, float* a, const int* da, float* w, float* z, const int* dz,
           float* work, int lwork, int* iwork, int liwork, int* info) {
  pssyevd_("V", uplo, &n, a, &kOne, &kOne, da, w, z, &kOne, &kOne, dz, work, &lwork, iwork, &liwork,
           info);
}

template <class Real>
int order(const DistributedMatrix<Real>& matrix) {
  if (matrix.rows() != matrix.columns()) {
    throw Error(fmt::format("a {} x {} matrix is not square", matrix.rows(), matrix.columns()));
  }
  return narrow(matrix.rows(), "matrix order");
}

void check_arguments(int info, const char* routine) {
  if (info < 0) throw Error(fmt::format("{}: argument {} is invalid", routine, -info));
}

}  // namespace

ProcessGrid tall_grid(const Communicator& comm) {
  int columns = static_cast<int>(std::sqrt(static_cast<double>(comm.size())));
  while (comm.size() % columns != 0) --columns;
  return {comm, comm.size() / columns, columns};
}

template <class Real>
void factor_cholesky(DistributedMatrix<Real>& matrix, Triangle triangle) {
  std::int64_t failed = 0;
  if (triangle == Triangle::upper) {
    failed = upper_cholesky(matrix);
  } else {
    const char uplo = static_cast<char>(triangle);
    int info = 0;
    potrf(&uplo, order(matrix), matrix.data(), matrix.descriptor(), &info);
    check_arguments(info, "p?potrf");
    failed = matrix.grid().comm().max(static_cast<std::int64_t>(info));
  }
  if (failed > 0) {
    throw Error(fmt::format(
        "the {0} x {0} matrix is not positive definite: its leading minor of order {1} is not "
        "positive in {2}; raise the ridge",
        matrix.rows(), failed, sizeof(Real) == sizeof(double) ? "float64" : "float32"));
  }
}

template <class Real>
void solve_cholesky(const DistributedMatrix<Real>& factor, Triangle triangle,
                    DistributedMatrix<Real>& right_hand_sides) {
  const int n = order(factor);
  if (right_hand_sides.rows() != factor.rows() || right_hand_sides.block() != factor.block()) {
    throw Error(fmt::format(
        "right-hand sides of {} rows in blocks of {} do not fit a factor of {} in {}",
        right_hand_sides.rows(), right_hand_sides.block(), factor.rows(), factor.block()));
  }
  const char uplo = static_cast<char>(triangle);
  int info = 0;
  potrs(&uplo, n, narrow(right_hand_sides.columns(), "right-hand sides"), factor.data(),
        factor.descriptor(), right_hand_sides.data(), right_hand_sides.descriptor(), &info);
  check_arguments(info, "p?potrs");
}

namespace {

/// Where some ranks own nothing, ScaLAPACK's eigensolver miscounts its workspace: a matrix so small
/// is decomposed by every rank.
template <class Real>
std::vector<Real> eigen_by_everyone(const DistributedMatrix<Real>& matrix, Triangle triangle,
                                    DistributedMatrix<Real>& vectors) {
  const std::int64_t n = matrix.rows();
  const auto whole = matrix.all_gather();
  std::vector<double> lower(whole.size());
  for (std::int64_t j = 0; j < n; ++j) {
    for (std::int64_t i = j; i < n; ++i) {
      lower[static_cast<std::size_t>(i + j * n)] = static_cast<double>(
          whole[static_cast<std::size_t>(triangle == Triangle::lower ? i + j * n : j + i * n)]);
    }
  }
  const DenseEigen eigen = dense_symmetric_eigen(std::move(lower), n);
  vectors.fill([&](std::int64_t i, std::int64_t j) {
    return eigen.vectors[static_cast<std::size_t>(i + j * n)];
  });
  std::vector<Real> values;
  for (const double value : eigen.values) values.push_back(static_cast<Real>(value));
  return values;
}

}  // namespace

template <class Real>
std::vector<Real> symmetric_eigen(DistributedMatrix<Real>& matrix, Triangle triangle,
                                  DistributedMatrix<Real>& vectors) {
  const int n = order(matrix);
  if (vectors.rows() != matrix.rows() || vectors.columns() != matrix.columns() ||
      vectors.block() != matrix.block()) {
    throw Error("eigenvectors need the layout of their matrix");
  }
  if (matrix.row_axis().blocks() < std::max(matrix.grid().rows(), matrix.grid().columns())) {
    return eigen_by_everyone(matrix, triangle, vectors);
  }
  const char uplo = static_cast<char>(triangle);
  std::vector<Real> eigenvalues(static_cast<std::size_t>(n));
  Real asked_work = 0;
  int asked_integers = 0;
  int info = 0;
  syevd(&uplo, n, matrix.data(), matrix.descriptor(), eigenvalues.data(), vectors.data(),
        vectors.descriptor(), &asked_work, -1, &asked_integers, -1, &info);
  check_arguments(info, "p?syevd workspace query");
  // The query returns a floating-point number, rounded below the true size in places: take the
  // larger of it and the formula of the documentation, with room for the rounding.
  const std::int64_t block = matrix.block();
  const std::int64_t np = matrix.row_axis().local_size(0);
  const std::int64_t nq = matrix.column_axis().local_size(0);
  const std::int64_t tridiagonal = 3 * std::int64_t{n} + std::max(block * (np + 1), 3 * block);
  const std::int64_t formula =
      std::max(1 + 6 * std::int64_t{n} + 2 * np * nq, tridiagonal) + 2 * std::int64_t{n} +
      // p?ormtr's own, which the documentation of p?syevd forgets for few blocks.
      2 * block * (np + nq + block);
  const std::int64_t work_size =
      std::max(static_cast<std::int64_t>(std::ceil(static_cast<double>(asked_work) * (1.0 + 1e-6))),
               formula);
  const std::int64_t integer_size = std::max<std::int64_t>(
      asked_integers, 7 * std::int64_t{n} + 8 * std::int64_t{matrix.grid().columns()} + 2);
  const int lwork = narrow(work_size, "eigenvalue workspace");
  const int liwork = narrow(integer_size, "eigenvalue integer workspace");
  AlignedVector<Real> work(static_cast<std::size_t>(work_size));
  std::vector<int> integers(static_cast<std::size_t>(integer_size));
  syevd(&uplo, n, matrix.data(), matrix.descriptor(), eigenvalues.data(), vectors.data(),
        vectors.descriptor(), work.data(), lwork, integers.data(), liwork, &info);
  check_arguments(info, "p?syevd");
  const std::int64_t failed = matrix.grid().comm().max(static_cast<std::int64_t>(info));
  if (failed > 0) throw Error(fmt::format("p?syevd: eigenvalue {} did not converge", failed));
  return eigenvalues;
}

template void factor_cholesky(DistributedMatrix<float>&, Triangle);
template void factor_cholesky(DistributedMatrix<double>&, Triangle);
template void solve_cholesky(const DistributedMatrix<float>&, Triangle, DistributedMatrix<float>&);
template void solve_cholesky(const DistributedMatrix<double>&, Triangle,
                             DistributedMatrix<double>&);
template std::vector<float> symmetric_eigen(DistributedMatrix<float>&, Triangle,
                                            DistributedMatrix<float>&);
template std::vector<double> symmetric_eigen(DistributedMatrix<double>&, Triangle,
                                             DistributedMatrix<double>&);

}  // namespace thalweg
