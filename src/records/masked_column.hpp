#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "records/record.hpp"

namespace thalweg {

/// Gives every array of floating-point numbers whose path begins with `prefix`, and of which some
/// are not finite, a mask beside it: PATH_valid, which is 1 where there is a value. What is missing
/// is a mask, never a sentinel. For results that may rightly have no value; where every number must
/// be one a mask would hide a fault. Local.
void mask_missing(Record& record, const std::string& prefix);

/// Puts numbers into a record, with their mask where some are not finite. Local.
void put_masked(Record& record, const std::string& path, const std::vector<double>& values,
                const std::vector<std::int64_t>& shape, const std::vector<std::string>& dimensions,
                const std::string& long_name, const std::string& units = "1");

}  // namespace thalweg
