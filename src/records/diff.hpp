#pragma once

#include <string>
#include <vector>

namespace thalweg {

/// One thing in which two records differ.
struct Difference {
  enum class Kind { content, timing, provenance };
  Kind kind = Kind::content;
  std::string file;  ///< relative to the folders; empty when two files are compared
  std::string path;  ///< dataset, or "GROUP attribute NAME"; empty for a whole file
  std::string what;
};

/// Compares two files, or two folders by the relative paths of all .h5 files below them. Values are
/// compared bit by bit, NaN too. Timings and provenance are listed with kinds of their own. Local.
/// Throws Error for what cannot be read or compared.
std::vector<Difference> diff_records(const std::string& a, const std::string& b);

/// Whether any difference is one of content.
bool differ_in_content(const std::vector<Difference>& differences);

/// Relative paths of all .h5 files below a folder, sorted. Local.
std::vector<std::string> record_files(const std::string& folder);

}  // namespace thalweg
