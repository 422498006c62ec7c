#include "base/blas_setup.hpp"

#include <cblas.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <vector>

#include "base/error.hpp"

namespace thalweg {

void use_one_blas_thread() {
  openblas_set_num_threads(1);
  // OpenBLAS takes its work buffer (128 MiB) at the first large product and keeps it. Where the
  // system has no memory left by then it asks again for ever: a rank would hang. So it is taken
  // now, if there is as much.
  constexpr std::size_t buffer_bytes = std::size_t{128} << 20;
  void* room =
      ::mmap(nullptr, buffer_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) {
    throw Error(
        fmt::format("{} MiB of memory for BLAS are not to be had ({}); is there a limit "
                    "(ulimit -v)?",
                    buffer_bytes >> 20, std::strerror(errno)));
  }
  ::munmap(room, buffer_bytes);
  constexpr int n = 256;
  const std::vector<float> zeros(static_cast<std::size_t>(n * n));
  std::vector<float> product(zeros.size());
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, n, 1.0F, zeros.data(), n, zeros.data(),
              n, 0.0F, product.data(), n);
}

std::string blas_core() {
  return openblas_get_corename();
}
std::string blas_description() {
  return openblas_get_config();
}

std::string blas_core_warning(const std::string& inherited, const std::string& core,
                              bool cpu_has_avx512) {
  if (!cpu_has_avx512) return {};
  for (const char* wide : {"SkylakeX", "Cooperlake", "SapphireRapids", "Zen4"}) {
    if (core == wide) return {};
  }
  const std::string cause =
      inherited.empty()
          ? std::string("no OPENBLAS_CORETYPE is set, so this OpenBLAS does not know the CPU")
          : fmt::format("OPENBLAS_CORETYPE={} is set in the environment", inherited);
  return fmt::format(
      "BLAS runs its {} kernels although this CPU has AVX-512 ({}): about half the possible speed. "
      "Cure: {}",
      core, cause,
      inherited.empty() ? "export OPENBLAS_CORETYPE=SkylakeX" : "unset OPENBLAS_CORETYPE");
}

std::string blas_core_warning(const std::string& inherited) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx512 = __builtin_cpu_supports("avx512f") != 0;
#else
  const bool avx512 = false;
#endif
  return blas_core_warning(inherited, blas_core(), avx512);
}

int narrow(std::int64_t value, const char* what) {
  if (value < 0 || value > std::numeric_limits<int>::max()) {
    throw Error(fmt::format("{} is {}, beyond the 32-bit integers of BLAS and MPI", what, value));
  }
  return static_cast<int>(value);
}

}  // namespace thalweg
