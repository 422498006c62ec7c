#pragma once

#include <cstdint>

namespace thalweg {

/// C (m × n) = alpha · op(A) · op(B) + beta · C, dense, row-major, without gaps: op(A) is m × k,
/// op(B) k × n; a transposed operand is stored the other way round. Local. Throws Error beyond
/// 32-bit sizes.
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          float alpha, const float* a, const float* b, float beta, float* c);
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          double alpha, const double* a, const double* b, double beta, double* c);

}  // namespace thalweg
