#pragma once

#include <string>

#include "kernels/regression.hpp"
#include "records/record.hpp"

namespace thalweg {

/// The groups /kernel, /trajectory and /timing of a kernel study's study.h5. Local.
Record kernel_record(const KernelResult& result);

/// The result as a table for a person. Local.
std::string kernel_table(const KernelResult& result, const std::string& kernel);

}  // namespace thalweg
