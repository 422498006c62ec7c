#pragma once

#include <functional>
#include <string>

#include "records/record_file.hpp"

namespace thalweg {

/// Faults of a stored kernel matrix: strips that are missing or do not match their checksums. Reads
/// the whole matrix, one row of strips at a time. Local.
void verify_gram(const RecordFile& file, const std::function<void(const std::string&)>& fault);

}  // namespace thalweg
