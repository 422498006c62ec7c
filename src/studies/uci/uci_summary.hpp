#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "records/record.hpp"
#include "studies/uci/uci_evaluation.hpp"

namespace thalweg {

/// How one kernel does over all sets (Fernández-Delgado et al. 2014; Arora et al. 2020,
/// 1910.01663).
struct KernelStanding {
  double mean_accuracy = 0.0;
  double sd_accuracy = 0.0;    ///< over sets, population
  double friedman_rank = 0.0;  ///< mean over sets of the rank, 1 the best, ties share theirs
  double pma = 0.0;            ///< mean over sets of accuracy over the best kernel's there
  double sd_pma = 0.0;         ///< over sets, population
  double p90 = 0.0;            ///< fraction of sets with at least 90 % of the best there
  double p95 = 0.0;            ///< likewise 95 %
};

/// Standings from accuracies, sets × kernels, row-major. Local. Throws Error for no sets.
std::vector<KernelStanding> kernel_standings(const std::vector<double>& accuracies,
                                             std::int64_t kernels);

/// Adds /uci to a study's record: columns over set and over kernel, arrays set × kernel (× pair).
/// Local.
void add_uci_results(Record& record, const std::vector<std::string>& kernels,
                     const std::vector<UciResult>& results);

/// The standings as text for a person, published figures beside. Local.
std::string uci_table(const std::vector<std::string>& kernels,
                      const std::vector<UciResult>& results);

}  // namespace thalweg
