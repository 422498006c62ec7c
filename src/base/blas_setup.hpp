#pragma once

#include <cstdint>
#include <string>

namespace thalweg {

/// One BLAS thread inside a shard: bits depend on the thread count, and ranks are the parallelism.
/// Also has OpenBLAS take its work buffer while there is memory. Once, in main. Throws Error where
/// there is none.
void use_one_blas_thread();

/// Name of the core type whose kernels OpenBLAS chose when it was loaded, such as "SkylakeX".
std::string blas_core();
/// OpenBLAS's description of its own build.
std::string blas_description();

/// Empty, or a warning with its cure, when an inherited OPENBLAS_CORETYPE (`inherited`, empty if
/// unset) holds BLAS below what the CPU offers: Haswell kernels on an AVX-512 CPU run at half the
/// speed.
std::string blas_core_warning(const std::string& inherited);
/// The rule behind it, free of this machine's state.
std::string blas_core_warning(const std::string& inherited, const std::string& core,
                              bool cpu_has_avx512);

/// Checked narrowing to the 32-bit integers of BLAS, LAPACK, BLACS and MPI; throws Error naming
/// `what`.
int narrow(std::int64_t value, const char* what);

}  // namespace thalweg
