#pragma once

#include <cstdint>
#include <vector>

#include "data/data_options.hpp"
#include "settings/key.hpp"

namespace thalweg {

/// The keys of [data]. Local.
const std::vector<Key>& data_keys();

/// Reads a [data] table. A relative path is taken from the current directory. Throws
/// ConfigurationError naming file, line and key. Local.
DataOptions data_options(const Settings& data_table, std::uint64_t seed);

}  // namespace thalweg
