#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/raw_split.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

/// Preprocessing steps, fitted on the training samples and applied to any row, in float64:
/// - `standardize`: per feature, minus the mean, over the population standard deviation (a constant
///   feature is divided by 1);
/// - `center`: per feature, minus the mean;
/// - `scale01`: (x − min)/(max − min), both over the whole training set (a constant set is divided
/// by 1);
/// - `unit_norm`: each row over its Euclidean norm (a row of zeros stays).
/// A step is fitted on what the steps before it make of the training set.
class Preprocess {
 public:
  /// Collective over `holders`, whose ranks together hold all training samples in whole chunks. The
  /// statistics add up chunks of kSampleChunk samples along the canonical tree: any number of ranks
  /// gives the same bits.
  Preprocess(const std::vector<std::string>& steps, const RawSplit& train,
             const Communicator& holders);
  /// Local.
  void apply(std::span<double> row) const;

 private:
  struct Step {
    bool unit_norm = false;
    std::vector<double> shift;  ///< a feature becomes (x − shift)/scale
    std::vector<double> scale;
  };
  [[nodiscard]] std::vector<double> mean(const RawSplit& train, const Communicator& holders,
                                         std::span<const double> about) const;
  void fit_moments(const RawSplit& train, const Communicator& holders, bool standardize);
  void fit_range(const RawSplit& train, const Communicator& holders);

  std::vector<Step> steps_;
};

}  // namespace thalweg
