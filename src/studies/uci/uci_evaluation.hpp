#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/uci_set.hpp"
#include "kernels/ridge_choice.hpp"
#include "records/record.hpp"
#include "studies/uci/uci_kernels.hpp"

namespace thalweg {

/// What the training samples of a hold-out pair chose, and what that is worth on its test samples.
struct HoldOutResult {
  std::string chosen;  ///< the candidate's label
  double relative_ridge = 0.0;
  double loo_accuracy = 0.0;
  double lambda_min = 0.0;  ///< of the chosen kernel, over its mean eigenvalue
  double accuracy = 0.0;    ///< on the test samples
};

/// A set under all kernels.
struct UciResult {
  std::string set;
  std::int64_t samples = 0;
  std::int64_t features = 0;
  std::int64_t classes = 0;
  /// kernel · 4 + pair.
  std::vector<HoldOutResult> hold_outs;
  double elapsed_s = 0.0;

  [[nodiscard]] std::int64_t kernels() const {
    return static_cast<std::int64_t>(hold_outs.size()) / 4;
  }
  /// Mean of the four test accuracies.
  [[nodiscard]] double accuracy(std::int64_t kernel) const;
};

struct UciProtocol {
  std::vector<double> relative_ridges;
  LeaveOneOutCriterion criterion = LeaveOneOutCriterion::accuracy;
};

/// For each pair and family: every candidate's matrix over the pair's samples, ridge and candidate
/// by leave-one-out on the training samples (median distances are theirs too), then the test
/// samples once. Local: one rank's work, about (candidates · 9 n³ + …) flops a pair. Nothing when
/// `stop` said so between two candidates. Throws Error.
std::optional<UciResult> evaluate_uci_set(const UciSet& set,
                                          const std::vector<KernelFamily>& families,
                                          const UciProtocol& protocol,
                                          const std::function<bool()>& stop);

/// A result as the checkpoint of a finished set, and back. Local.
Record uci_checkpoint(const UciResult& result);
UciResult uci_result(const Record& checkpoint);

}  // namespace thalweg
