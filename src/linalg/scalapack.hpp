#pragma once

// Fortran entry points of ScaLAPACK and PBLAS; every argument by address.
extern "C" {
void pdpotrf_(const char* uplo, const int* n, double* a, const int* ia, const int* ja,
              const int* desc_a, int* info);
void pspotrf_(const char* uplo, const int* n, float* a, const int* ia, const int* ja,
              const int* desc_a, int* info);
void pdpotrs_(const char* uplo, const int* n, const int* columns, const double* a, const int* ia,
              const int* ja, const int* desc_a, double* b, const int* ib, const int* jb,
              const int* desc_b, int* info);
void pspotrs_(const char* uplo, const int* n, const int* columns, const float* a, const int* ia,
              const int* ja, const int* desc_a, float* b, const int* ib, const int* jb,
              const int* desc_b, int* info);
void pdtrtri_(const char* uplo, const char* diag, const int* n, double* a, const int* ia,
              const int* ja, const int* desc_a, int* info);
void pstrtri_(const char* uplo, const char* diag, const int* n, float* a, const int* ia,
              const int* ja, const int* desc_a, int* info);
void pdsyevd_(const char* jobz, const char* uplo, const int* n, double* a, const int* ia,
              const int* ja, const int* desc_a, double* w, double* z, const int* iz, const int* jz,
              const int* desc_z, double* work, const int* lwork, int* iwork, const int* liwork,
              int* info);
void pssyevd_(const char* jobz, const char* uplo, const int* n, float* a, const int* ia,
              const int* ja, const int* desc_a, float* w, float* z, const int* iz, const int* jz,
              const int* desc_z, float* work, const int* lwork, int* iwork, const int* liwork,
              int* info);
void pdgemm_(const char* trans_a, const char* trans_b, const int* m, const int* n, const int* k,
             const double* alpha, const double* a, const int* ia, const int* ja, const int* desc_a,
             const double* b, const int* ib, const int* jb, const int* desc_b, const double* beta,
             double* c, const int* ic, const int* jc, const int* desc_c);
void psgemm_(const char* trans_a, const char* trans_b, const int* m, const int* n, const int* k,
             const float* alpha, const float* a, const int* ia, const int* ja, const int* desc_a,
             const float* b, const int* ib, const int* jb, const int* desc_b, const float* beta,
             float* c, const int* ic, const int* jc, const int* desc_c);
void pdsymm_(const char* side, const char* uplo, const int* m, const int* n, const double* alpha,
             const double* a, const int* ia, const int* ja, const int* desc_a, const double* b,
             const int* ib, const int* jb, const int* desc_b, const double* beta, double* c,
             const int* ic, const int* jc, const int* desc_c);
void pssymm_(const char* side, const char* uplo, const int* m, const int* n, const float* alpha,
             const float* a, const int* ia, const int* ja, const int* desc_a, const float* b,
             const int* ib, const int* jb, const int* desc_b, const float* beta, float* c,
             const int* ic, const int* jc, const int* desc_c);
}
