#pragma once

#include <string>
#include <vector>

#include "data/raw_split.hpp"
#include "data/sample_files.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

struct RawData {
  RawSplit train;
  RawSplit test;
  std::vector<std::string> notices{};  ///< of the reading, on the root of `world` alone
};

/// Spreads the samples of a source over the ranks of `holders` (a part of `world`) in whole chunks.
/// Files are read by the root of `world` alone. Collective over `world`; throws ReportedError on
/// every rank.
RawData load_raw(const DataOptions& options, const Communicator& world,
                 const Communicator& holders);

}  // namespace thalweg
