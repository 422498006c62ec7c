#pragma once

#include <cblas.h>

#include "base/blas_setup.hpp"

// LAPACK's Fortran entry points; every argument by address.
extern "C" {
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info);
void spotrf_(const char* uplo, const int* n, float* a, const int* lda, int* info);
}

/// The local BLAS and LAPACK routines of this room, one name for both precisions; all column-major,
/// leading dimensions as given. Local.
namespace thalweg::blas {

/// C (m × n) = alpha · op(A) · op(B) + beta · C.
inline void gemm(CBLAS_TRANSPOSE a_op, CBLAS_TRANSPOSE b_op, std::int64_t m, std::int64_t n,
                 std::int64_t k, double alpha, const double* a, std::int64_t lda, const double* b,
                 std::int64_t ldb, double beta, double* c, std::int64_t ldc) {
  if (m == 0 || n == 0) return;
  cblas_dgemm(CblasColMajor, a_op, b_op, narrow(m, "rows"), narrow(n, "columns"),
              narrow(k, "inner size"), alpha, a, narrow(lda, "leading size"), b,
              narrow(ldb, "leading size"), beta, c, narrow(ldc, "leading size"));
}
inline void gemm(CBLAS_TRANSPOSE a_op, CBLAS_TRANSPOSE b_op, std::int64_t m, std::int64_t n,
                 std::int64_t k, float alpha, const float* a, std::int64_t lda, const float* b,
                 std::int64_t ldb, float beta, float* c, std::int64_t ldc) {
  if (m == 0 || n == 0) return;
  cblas_sgemm(CblasColMajor, a_op, b_op, narrow(m, "rows"), narrow(n, "columns"),
              narrow(k, "inner size"), alpha, a, narrow(lda, "leading size"), b,
              narrow(ldb, "leading size"), beta, c, narrow(ldc, "leading size"));
}

/// C (m × n) = A · B + C with A symmetric (m × m), its upper triangle read.
inline void symm(std::int64_t m, std::int64_t n, const double* a, std::int64_t lda, const double* b,
                 std::int64_t ldb, double* c, std::int64_t ldc) {
  cblas_dsymm(CblasColMajor, CblasLeft, CblasUpper, narrow(m, "rows"), narrow(n, "columns"), 1.0, a,
              narrow(lda, "leading size"), b, narrow(ldb, "leading size"), 1.0, c,
              narrow(ldc, "leading size"));
}

/// The upper triangle of C (n × n) −= AᵀA, A being k × n.
inline void subtract_gram(std::int64_t n, std::int64_t k, const double* a, std::int64_t lda,
                          double* c, std::int64_t ldc) {
  cblas_dsyrk(CblasColMajor, CblasUpper, CblasTrans, narrow(n, "order"), narrow(k, "inner size"),
              -1.0, a, narrow(lda, "leading size"), 1.0, c, narrow(ldc, "leading size"));
}
inline void subtract_gram(std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
                          float* c, std::int64_t ldc) {
  cblas_ssyrk(CblasColMajor, CblasUpper, CblasTrans, narrow(n, "order"), narrow(k, "inner size"),
              -1.0F, a, narrow(lda, "leading size"), 1.0F, c, narrow(ldc, "leading size"));
}

/// B (m × n) ← op(U)⁻¹ B with U upper triangular.
inline void solve_triangle(CBLAS_TRANSPOSE op, std::int64_t m, std::int64_t n, const double* u,
                           std::int64_t ldu, double* b, std::int64_t ldb) {
  if (m == 0 || n == 0) return;
  cblas_dtrsm(CblasColMajor, CblasLeft, CblasUpper, op, CblasNonUnit, narrow(m, "rows"),
              narrow(n, "columns"), 1.0, u, narrow(ldu, "leading size"), b,
              narrow(ldb, "leading size"));
}
inline void solve_triangle(CBLAS_TRANSPOSE op, std::int64_t m, std::int64_t n, const float* u,
                           std::int64_t ldu, float* b, std::int64_t ldb) {
  if (m == 0 || n == 0) return;
  cblas_strsm(CblasColMajor, CblasLeft, CblasUpper, op, CblasNonUnit, narrow(m, "rows"),
              narrow(n, "columns"), 1.0F, u, narrow(ldu, "leading size"), b,
              narrow(ldb, "leading size"));
}

/// Cholesky of the upper triangle in place; 0, or the order of the minor that is not positive.
inline int factor(std::int64_t n, double* a, std::int64_t lda) {
  const int order = narrow(n, "order");
  const int leading = narrow(lda, "leading size");
  int info = 0;
  dpotrf_("U", &order, a, &leading, &info);
  return info;
}
inline int factor(std::int64_t n, float* a, std::int64_t lda) {
  const int order = narrow(n, "order");
  const int leading = narrow(lda, "leading size");
  int info = 0;
  spotrf_("U", &order, a, &leading, &info);
  return info;
}

}  // namespace thalweg::blas
