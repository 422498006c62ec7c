#pragma once

#include <vector>

#include "linalg/dense_svd.hpp"
#include "objectives/factors/factor_balance.hpp"
#include "objectives/factors/factor_chain.hpp"
#include "studies/completion/completion_problem.hpp"
#include "studies/completion/completion_settings.hpp"
#include "studies/completion/matrix_trajectory.hpp"

namespace thalweg {

/// Measures completed matrices of one instance, and the factors they are made of. What one rank
/// does.
class MatrixMeasure {
 public:
  /// Local. What is referred to must outlive this.
  MatrixMeasure(const CompletionSpec& plan, const MethodSpec& method,
                const CompletionProblem& problem);

  /// Columns that rows of this method have.
  [[nodiscard]] unsigned groups() const { return groups_; }
  /// Where the factors began, against which imbalance is measured. Local.
  template <class Real>
  void begin(const FactorChain& chain, std::span<const Real> factors);
  /// Fills in what the matrix alone tells: norms, errors, singular values and overlaps. Local.
  void measure(const std::vector<double>& matrix, MatrixRow& row) const;
  /// Fills in what the factors tell besides. Local.
  template <class Real>
  void measure_factors(const FactorChain& chain, std::span<const Real> factors,
                       MatrixRow& row) const;
  /// Adds the leading singular vectors of the last matrix to its record. Local.
  void write_vectors(const std::vector<double>& matrix, Record& record) const;

 private:
  const CompletionSpec* plan_;
  const MethodSpec* method_;
  const CompletionProblem* problem_;
  unsigned groups_ = kAlways;
  DenseSvd truth_;
  std::vector<FactorJoint> start_;
};

}  // namespace thalweg
