#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/data_options.hpp"
#include "kernels/kernel_settings.hpp"
#include "runs/study.hpp"

namespace thalweg {

/// A kernel of the study with its name.
struct NamedKernel {
  std::string name;
  KernelSettings settings;
};

/// What a study of small training sets computes.
struct SmallDataSpec {
  DataOptions data;
  std::vector<std::int64_t> sizes;
  std::int64_t draws = 5;
  std::vector<double> ridges;  ///< relative to the mean of the diagonal
  std::vector<NamedKernel> kernels;
};

/// Reads [data], [small_data] and [kernel] or [[run]]. Local. Throws ConfigurationError.
SmallDataSpec small_data_plan(const Settings& settings, const StudyHeader& header);

/// Throws ConfigurationError where a size is larger than the pool. Local.
void require_pool(const SmallDataSpec& plan, std::int64_t pool);

}  // namespace thalweg
