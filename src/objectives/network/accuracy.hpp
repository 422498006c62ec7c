#pragma once

#include "objectives/objective.hpp"

namespace thalweg {

/// What the loss of a classifier can tell besides. A probe asks for it by dynamic_cast and says so
/// where it is missing.
template <class Real>
class Accuracy {
 public:
  Accuracy() = default;
  Accuracy(const Accuracy&) = delete;
  Accuracy& operator=(const Accuracy&) = delete;
  virtual ~Accuracy() = default;

  /// The value and the share of the subset's samples (empty: all) that are classified rightly, by
  /// one pass. Collective; the same bits on any number of ranks.
  virtual Evaluation evaluate(std::span<const Real> x, Subset subset) = 0;
};

}  // namespace thalweg
