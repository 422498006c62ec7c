#pragma once

#include <cstdint>

#include "data/data_options.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// Reads a [data] table: source, path, train, test, preprocess, placement; image_size (glyphs);
/// test_path, test_fraction (csv, libsvm); label_column, separator, header (csv); split (uci);
/// zca_epsilon (with the step zca). A relative path is taken from the current directory. Throws
/// ConfigurationError naming file, line and key. Local.
DataOptions data_options(const Settings& data_table, std::uint64_t seed);

}  // namespace thalweg
