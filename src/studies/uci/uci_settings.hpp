#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runs/study.hpp"
#include "studies/uci/uci_evaluation.hpp"
#include "studies/uci/uci_kernels.hpp"

namespace thalweg {

/// What a study of UCI sets evaluates.
struct UciSpec {
  StudyHeader header;
  std::string path;
  std::vector<std::string> sets;  ///< empty: all
  std::int64_t largest = 5000;
  UciProtocol protocol;
  std::vector<KernelFamily> families;
};

/// Reads [uci] and the [[kernel]] tables. Local. Throws ConfigurationError.
UciSpec read_uci_spec(const Settings& settings, const StudyHeader& header);

/// A set to be evaluated.
struct SetSize {
  std::string name;
  std::int64_t samples = 0;
  std::uint64_t checksum = 0;
};

/// The sets of the study in ascending order of their names, read whole and checked by the root; the
/// same list on every rank. Collective over world. Throws ConfigurationError or ReportedError.
std::vector<SetSize> find_uci_sets(const UciSpec& plan, const StudyContext& context);

}  // namespace thalweg
