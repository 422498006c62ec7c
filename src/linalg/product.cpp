#include "linalg/product.hpp"

#include <fmt/format.h>

#include "base/blas_setup.hpp"
#include "base/error.hpp"
#include "linalg/scalapack.hpp"

namespace thalweg {

namespace {
constexpr int kFirst = 1;

[[noreturn]] void mismatch(std::int64_t m, std::int64_t k, std::int64_t k2, std::int64_t n,
                           std::int64_t rows, std::int64_t columns) {
  throw Error(fmt::format("matrix product: ({} x {}) times ({} x {}) does not give {} x {}", m, k,
                          k2, n, rows, columns));
}
}  // namespace

template <class Real>
void multiply(Transpose transpose_a, Transpose transpose_b, Real alpha,
              const DistributedMatrix<Real>& a, const DistributedMatrix<Real>& b, Real beta,
              DistributedMatrix<Real>& c) {
  const bool ta = transpose_a == Transpose::yes;
  const bool tb = transpose_b == Transpose::yes;
  const std::int64_t m = ta ? a.columns() : a.rows();
  const std::int64_t k = ta ? a.rows() : a.columns();
  const std::int64_t k2 = tb ? b.columns() : b.rows();
  const std::int64_t n = tb ? b.rows() : b.columns();
  if (k != k2 || m != c.rows() || n != c.columns()) mismatch(m, k, k2, n, c.rows(), c.columns());
  const char op_a = static_cast<char>(transpose_a);
  const char op_b = static_cast<char>(transpose_b);
  const int mi = narrow(m, "rows");
  const int ni = narrow(n, "columns");
  const int ki = narrow(k, "inner dimension");
  if constexpr (sizeof(Real) == sizeof(double)) {
    pdgemm_(&op_a, &op_b, &mi, &ni, &ki, &alpha, a.data(), &kFirst, &kFirst, a.descriptor(),
            b.data(), &kFirst, &kFirst, b.descriptor(), &beta, c.data(), &kFirst, &kFirst,
            c.descriptor());
  } else {
    psgemm_(&op_a, &op_b, &mi, &ni, &ki, &alpha, a.data(), &kFirst, &kFirst, a.descriptor(),
            b.data(), &kFirst, &kFirst, b.descriptor(), &beta, c.data(), &kFirst, &kFirst,
            c.descriptor());
  }
}

template <class Real>
void multiply_symmetric(Triangle triangle, Real alpha, const DistributedMatrix<Real>& a,
                        const DistributedMatrix<Real>& b, Real beta, DistributedMatrix<Real>& c) {
  if (a.rows() != a.columns() || a.columns() != b.rows() || b.rows() != c.rows() ||
      b.columns() != c.columns()) {
    mismatch(a.rows(), a.columns(), b.rows(), b.columns(), c.rows(), c.columns());
  }
  const char uplo = static_cast<char>(triangle);
  const char side = 'L';
  const int m = narrow(c.rows(), "rows");
  const int n = narrow(c.columns(), "columns");
  if constexpr (sizeof(Real) == sizeof(double)) {
    pdsymm_(&side, &uplo, &m, &n, &alpha, a.data(), &kFirst, &kFirst, a.descriptor(), b.data(),
            &kFirst, &kFirst, b.descriptor(), &beta, c.data(), &kFirst, &kFirst, c.descriptor());
  } else {
    pssymm_(&side, &uplo, &m, &n, &alpha, a.data(), &kFirst, &kFirst, a.descriptor(), b.data(),
            &kFirst, &kFirst, b.descriptor(), &beta, c.data(), &kFirst, &kFirst, c.descriptor());
  }
}

template void multiply(Transpose, Transpose, float, const DistributedMatrix<float>&,
                       const DistributedMatrix<float>&, float, DistributedMatrix<float>&);
template void multiply(Transpose, Transpose, double, const DistributedMatrix<double>&,
                       const DistributedMatrix<double>&, double, DistributedMatrix<double>&);
template void multiply_symmetric(Triangle, float, const DistributedMatrix<float>&,
                                 const DistributedMatrix<float>&, float, DistributedMatrix<float>&);
template void multiply_symmetric(Triangle, double, const DistributedMatrix<double>&,
                                 const DistributedMatrix<double>&, double,
                                 DistributedMatrix<double>&);

}  // namespace thalweg
