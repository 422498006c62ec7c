#pragma once

#include <string>
#include <vector>

#include "records/record.hpp"
#include "studies/small_data/small_data_settings.hpp"

namespace thalweg {

/// One training set: a size of a draw, with what a kernel makes of it.
struct SmallDataScore {
  double test_accuracy = 0.0;
  double loo_error = 0.0;
  double ridge = 0.0;
};

/// What a study found.
struct SmallDataResult {
  std::vector<std::vector<SmallDataScore>> scores;  ///< by kernel; sizes, then draws (fastest)
  std::vector<std::string> descriptions;            ///< likewise
  std::string data;
};

/// The group /small_data of study.h5. Local.
Record small_data_record(const SmallDataSpec& plan, const SmallDataResult& result);

/// Means and standard deviations over draws as a table for a person. Local.
std::string small_data_table(const SmallDataSpec& plan, const SmallDataResult& result);

}  // namespace thalweg
