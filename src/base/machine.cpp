#include "base/machine.hpp"

#include <fmt/format.h>
#include <gnu/libc-version.h>
#if defined(__x86_64__)
// glibc 2.36's header says _Bool, which Clang does not know in C++.
#define _Bool bool
#include <sys/platform/x86.h>
#undef _Bool
#endif

#include <fstream>
#include <vector>

#include "base/blas_setup.hpp"
#include "base/checksum.hpp"

namespace thalweg {

namespace {

/// Of the file this process runs; empty where the system does not show it.
std::string program_checksum() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  constexpr std::size_t piece = std::size_t{1} << 20;
  std::vector<char> bytes(piece);
  std::vector<std::uint64_t> sums;
  while (file.read(bytes.data(), piece) || file.gcount() > 0) {
    sums.push_back(block_checksum(bytes.data(), file.gcount()));
  }
  if (sums.empty()) return {};
  const auto size = static_cast<std::int64_t>(sums.size() * sizeof(std::uint64_t));
  return fmt::format("{:016x}", block_checksum(sums.data(), size));
}

/// OpenBLAS's build, without the core type that it names among its options.
std::string blas_build() {
  std::string text = blas_description();
  const std::string core = fmt::format(" {}", blas_core());
  const auto at = text.find(core);
  return at == std::string::npos ? text : text.erase(at, core.size());
}

}  // namespace

std::string cpu_features() {
  std::string names;
#if defined(__x86_64__)
  const auto add = [&](const char* name, bool active) {
    if (active) names += fmt::format("{}{}", names.empty() ? "" : " ", name);
  };
  // Those by which the loops of this program, of BLAS and of the C library are chosen.
  add("sse4.2", CPU_FEATURE_ACTIVE(SSE4_2));
  add("avx", CPU_FEATURE_ACTIVE(AVX));
  add("f16c", CPU_FEATURE_ACTIVE(F16C));
  add("fma", CPU_FEATURE_ACTIVE(FMA));
  add("fma4", CPU_FEATURE_ACTIVE(FMA4));
  add("bmi2", CPU_FEATURE_ACTIVE(BMI2));
  add("avx2", CPU_FEATURE_ACTIVE(AVX2));
  add("avx512f", CPU_FEATURE_ACTIVE(AVX512F));
  add("avx512cd", CPU_FEATURE_ACTIVE(AVX512CD));
  add("avx512dq", CPU_FEATURE_ACTIVE(AVX512DQ));
  add("avx512bw", CPU_FEATURE_ACTIVE(AVX512BW));
  add("avx512vl", CPU_FEATURE_ACTIVE(AVX512VL));
  add("avx512_vnni", CPU_FEATURE_ACTIVE(AVX512_VNNI));
  add("avx512_bf16", CPU_FEATURE_ACTIVE(AVX512_BF16));
  add("avx_vnni", CPU_FEATURE_ACTIVE(AVX_VNNI));
#endif
  return names;
}

MachineFacts machine_facts(const std::string& version) {
  const std::string checksum = program_checksum();
  return {{"build", checksum.empty() ? version : version + ", checksum " + checksum},
          {"BLAS", blas_build()},
          {kBlasCore, blas_core()},
          {"C library", gnu_get_libc_version()},
          {kCpuFeatures, cpu_features()}};
}

}  // namespace thalweg
