#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace thalweg {

/// What a study began with besides its configuration, by name: checksums of what it reads, and the
/// machine. Kept in its folder as begun.txt, a line each, whose last line is a checksum.
using BegunFacts = std::map<std::string, std::string>;

inline constexpr const char* kBegunFile = "begun.txt";

/// The folder's facts; none where there is no such file, nothing where it is damaged. Local.
std::optional<BegunFacts> read_begun(const std::string& folder);

/// Writes the folder's facts in one piece; control characters become question marks. Local. Throws
/// Error.
void write_begun(const std::string& folder, const BegunFacts& facts);

/// Calls `fault` with a sentence where the folder's file is damaged. Local.
void verify_begun(const std::string& folder, const std::function<void(const std::string&)>& fault);

}  // namespace thalweg
