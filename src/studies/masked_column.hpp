#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "records/record.hpp"

namespace thalweg {

/// Puts numbers into a record, and beside them, where some are not finite, PATH_valid, which is 1
/// where there is a value: what is missing is a mask, never a sentinel. Local.
void put_masked(Record& record, const std::string& path, const std::vector<double>& values,
                const std::vector<std::int64_t>& shape, const std::vector<std::string>& dimensions,
                const std::string& long_name, const std::string& units = "1");

}  // namespace thalweg
