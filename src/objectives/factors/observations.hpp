#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "data/matrix_entries.hpp"
#include "models/batch_layout.hpp"
#include "objectives/factors/residual_loss.hpp"
#include "objectives/objective.hpp"

namespace thalweg {

/// Linear measurements y_k = ⟨A_k, W⟩ of a matrix.
struct Measurements {
  std::vector<double> matrices;  ///< the A_k one after the other, each row-major
  std::vector<double> values;    ///< y
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(values.size()); }
};

/// What of a rows × columns matrix was observed, as a loss of its elements: how far a subset of
/// observations is from the matrix, and the derivative by each element. Rows are those of this
/// rank in `layout`; sums are one a shard.
template <class Real>
class Observations {
 public:
  Observations() = default;
  Observations(const Observations&) = delete;
  Observations& operator=(const Observations&) = delete;
  virtual ~Observations() = default;

  [[nodiscard]] virtual std::int64_t size() const = 0;
  /// The observations that the next calls are about; empty: all. Local. Throws Error for numbers
  /// that are none of theirs.
  virtual void select(Subset subset) = 0;
  /// Writes the loss's derivative by each element of this rank's rows of `product`, which may be
  /// the same array; returns the loss of each shard. Local.
  virtual std::vector<double> derivative(const Real* product, Real* derivative) = 0;
  /// Writes the second derivative times `tangent`, the change of the elements, which may be the
  /// same array. Local.
  virtual void curvature(const Real* product, const Real* tangent, Real* second) = 0;
};

/// Elements of a matrix, as weights and targets of all its elements: for many of them.
template <class Real>
std::unique_ptr<Observations<Real>> observe_entries(const BatchLayout& layout, std::int64_t columns,
                                                    MatrixEntries entries, ResidualLoss loss);

/// Measurements of the whole matrix, whose rows are one shard, of one rank: the others have none.
/// Throws Error where the layout has several shards or the sizes do not fit.
template <class Real>
std::unique_ptr<Observations<Real>> observe_measurements(const BatchLayout& layout,
                                                         std::int64_t columns,
                                                         Measurements measurements,
                                                         ResidualLoss loss);

/// Throws Error for numbers outside of [0, count). Local.
void require_within(Subset subset, std::int64_t count);

}  // namespace thalweg
