#pragma once

#include <map>
#include <string>

namespace thalweg {

/// What the bits of results depend on besides the study, by name: the build of this program, the
/// core type and build of BLAS, the C library, the CPU's instruction sets in use.
using MachineFacts = std::map<std::string, std::string>;

inline constexpr const char* kBlasCore = "BLAS core type";
inline constexpr const char* kCpuFeatures = "CPU features";

/// Of this process; `version` is the program's, to which a checksum of its file is added. Local.
MachineFacts machine_facts(const std::string& version);

/// Instruction sets, separated by spaces, that the CPU has and the C library uses. Local.
std::string cpu_features();

}  // namespace thalweg
