#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "data/text_lines.hpp"

namespace thalweg {

/// What the first line of a csv file was taken for, and where its texts alone do not settle that,
/// why.
struct FirstLine {
  bool is_header = false;
  std::string notice;  ///< "PATH:1: taken as …"; empty where there was nothing to guess
};

/// Whether two or more fields are names, that is neither numbers nor marks of a missing value such
/// as "NA": then a line can only be a header. Local.
[[nodiscard]] bool has_names(const std::vector<std::string>& fields);

/// Judges a first line by the rest of its file: `lines` stands behind it and is left there. `label`
/// is the column of labels, `known` the labels of a file read before. A header of numbers gives
/// itself away by a label of another kind; or by one that occurs nowhere else, in a line that
/// counts up evenly where some other label occurs twice, or in a file where all others do; or,
/// counting up, by features that are no integers anywhere else. Local. Throws ConfigurationError
/// for a line that cannot be cut.
[[nodiscard]] FirstLine judge_first_line(const std::vector<std::string>& first, std::size_t label,
                                         std::string_view separator,
                                         const std::set<std::string>& known, TextLines& lines);

}  // namespace thalweg
