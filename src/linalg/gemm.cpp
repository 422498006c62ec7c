#include "linalg/gemm.hpp"

#include <cblas.h>

#include "base/blas_setup.hpp"

namespace thalweg {

namespace {

template <class Real, class Routine>
void row_major(Routine routine, bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n,
               std::int64_t k, Real alpha, const Real* a, const Real* b, Real beta, Real* c) {
  if (m == 0 || n == 0) return;
  routine(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
          transpose_b ? CblasTrans : CblasNoTrans, narrow(m, "rows of a matrix product"),
          narrow(n, "columns of a matrix product"), narrow(k, "inner size of a matrix product"),
          alpha, a, narrow(transpose_a ? m : k, "leading size"), b,
          narrow(transpose_b ? k : n, "leading size"), beta, c, narrow(n, "leading size"));
}

}  // namespace

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          float alpha, const float* a, const float* b, float beta, float* c) {
  row_major(cblas_sgemm, transpose_a, transpose_b, m, n, k, alpha, a, b, beta, c);
}

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          double alpha, const double* a, const double* b, double beta, double* c) {
  row_major(cblas_dgemm, transpose_a, transpose_b, m, n, k, alpha, a, b, beta, c);
}

}  // namespace thalweg
