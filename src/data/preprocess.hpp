#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/raw_split.hpp"
#include "parallel/communicator.hpp"
#include "parallel/ordered_reduction.hpp"

namespace thalweg {

/// Preprocessing steps, fitted on the training samples and applied to any row, in float64:
/// - `standardize`: per feature, minus the mean, over the population standard deviation (a constant
///   feature is divided by 1). Two passes about the mean with its rounding corrected (Chan, Golub &
///   LeVeque 1983, The American Statistician 37); a feature is constant where its deviation is at
///   most ε |mean|, ε = 2⁻⁵²: numbers of that size lie so far apart that no more than their
///   rounding may be left;
/// - `center`: per feature, minus the mean;
/// - `scale01`: (x − min)/(max − min), both over the whole training set (a constant set is divided
/// by 1);
/// - `unit_norm`: each row over its Euclidean norm (a row of zeros stays);
/// - `zca`: W (x − mean) with the symmetric W = (C + ε λ̄ I)^(−1/2), C the population covariance
///   (1/n) Σ (x − mean)(x − mean)ᵀ and λ̄ = tr(C)/features its mean eigenvalue (Bell & Sejnowski
///   1997; the relative ε as in Shankar et al. 2020). The covariance of what it makes has
///   eigenvalues λ/(λ + ελ̄). A constant training set is only centred.
/// A step is fitted on what the steps before it make of the training set.
class Preprocess {
 public:
  /// Collective over `holders`, whose ranks together hold all training samples in whole chunks. The
  /// statistics add up chunks of kSampleChunk samples in an order that no number of ranks changes:
  /// the same bits on any.
  Preprocess(const std::vector<std::string>& steps, const RawSplit& train,
             const Communicator& holders, double zca_epsilon = 1e-5);
  /// What was left as it is for want of a deviation, each for a line of the log. The same on every
  /// rank. Local.
  [[nodiscard]] const std::vector<std::string>& notices() const { return notices_; }
  /// Local. Any number of rows, one after another. Whitening multiplies groups of kSampleChunk
  /// rows: a row's bits may depend on its place modulo kSampleChunk, so whoever wants the same bits
  /// passes whole chunks.
  void apply(std::span<double> rows) const;

 private:
  struct Step {
    bool unit_norm = false;
    std::vector<double> shift;   ///< a feature becomes (x − shift)/scale
    std::vector<double> scale;   ///< empty: zca, where the row becomes (x − shift) whitening
    std::vector<double> whiten;  ///< features × features, symmetric
  };
  /// Calls use(chunk, rows) for every chunk that this rank holds, preprocessed by the steps so far.
  using ChunkUse = std::function<void(std::int64_t chunk, std::span<const double> rows)>;
  void for_each_chunk(const RawSplit& train, const ChunkUse& use) const;
  /// Adds a row to what its chunk has, an item a feature.
  using AddRow = std::function<void(std::span<const double> row, double* chunk)>;
  [[nodiscard]] std::vector<double> sum(const RawSplit& train, const Communicator& holders,
                                        const AddRow& add,
                                        const OrderedReduction::Merge& merge = {}) const;
  /// The mean of each feature, with a second pass that takes the first one's rounding out.
  struct Mean {
    std::vector<double> rough;       ///< of the first pass
    std::vector<double> correction;  ///< mean of x − rough
    [[nodiscard]] std::vector<double> whole() const;
  };
  [[nodiscard]] Mean mean(const RawSplit& train, const Communicator& holders) const;
  /// The population deviation of each feature about a mean. Squares neither overflow nor vanish.
  [[nodiscard]] std::vector<double> deviation(const RawSplit& train, const Communicator& holders,
                                              const Mean& mean) const;
  void fit_moments(const RawSplit& train, const Communicator& holders, bool standardize);
  void fit_range(const RawSplit& train, const Communicator& holders);
  void fit_zca(const RawSplit& train, const Communicator& holders, double epsilon);

  std::size_t features_;
  std::vector<Step> steps_;
  std::vector<std::string> notices_;
};

}  // namespace thalweg
