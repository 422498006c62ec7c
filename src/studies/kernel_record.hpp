#pragma once

#include <string>

#include "kernels/regression.hpp"
#include "records/record.hpp"
#include "studies/kernel_settings.hpp"
#include "studies/study.hpp"

namespace thalweg {

/// Local. The record of a kernel regression: /kernel (figures, predictions; eigenvalues and
/// leave-one-out where there are), /iteration (conjugate gradient's residuals), /trajectory (what
/// the kernel predicts of training, over `time`), /timing. `resolved` is the configuration with all
/// defaults, `data` the description of the samples.
Record kernel_record(const KernelResult& result, const KernelSettings& chosen,
                     const StudyHeader& header, const StudyContext& context,
                     const std::string& resolved, const std::string& data);

/// Local. Prints the result as a short table to stdout.
void print_kernel_table(const KernelResult& result, const KernelSettings& chosen,
                        const std::string& folder);

}  // namespace thalweg
