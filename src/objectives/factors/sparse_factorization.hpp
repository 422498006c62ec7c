#pragma once

#include <optional>
#include <vector>

#include "objectives/factors/factor_chain.hpp"
#include "objectives/factors/factor_pass.hpp"
#include "objectives/factors/residual_loss.hpp"
#include "objectives/factors/sparse_entries.hpp"
#include "objectives/parameter_layout.hpp"

namespace thalweg {

/// The loss of MatrixFactorization for few observed elements of a large matrix, which is never
/// formed: flops of the last factor go with the observations, 6 |Ω| · hidden, not with the matrix.
///
/// H = W_1 ⋯ W_{N−1} is computed by rows and gathered, as are the residuals; a rank then has all
/// that its own slice of the last factor's gradient needs, and adds that up column by column
/// without an exchange. Ranks with the columns that have most entries have most to do.
template <class Real>
class SparseFactorization final : public Objective<Real>, public ParameterLayout {
 public:
  /// Local, over the team that computes. Throws Error where nothing was observed.
  SparseFactorization(const Communicator& team, FactorChain chain, MatrixEntries entries,
                      ResidualLoss loss);

  [[nodiscard]] const VectorSpace& space() const override { return space_; }
  [[nodiscard]] std::int64_t sample_count() const override { return entries_.size(); }
  [[nodiscard]] std::vector<ParameterBlock> parameter_blocks() const override {
    return chain_.blocks();
  }
  double value(std::span<const Real> x, Subset subset) override;
  double gradient(std::span<const Real> x, Subset subset, std::span<Real> gradient_slice) override;
  void hessian_vector(std::span<const Real> x, std::span<const Real> v, Subset subset,
                      std::span<Real> product_slice) override;

 private:
  void select(Subset subset);
  [[nodiscard]] Range entries_of_rows(Range rows) const;
  [[nodiscard]] double element(std::span<const Real> x, const Real* hidden, std::int64_t k) const;
  double residuals(std::span<const Real> x);
  std::vector<Real> gather_rows(const Real* mine) const;
  void gather_entries(std::vector<Real>& values) const;
  void add_columns(std::span<Real> slice, const std::vector<Real>& values,
                   const std::vector<Real>& hidden) const;
  void rows_back(const Real* factor, const std::vector<Real>& values, AlignedVector<Real>& e) const;
  void set_slice_of_entries(std::span<Real> slice, const std::vector<Real>& values) const;
  void begin(std::span<Real> slice);
  void finish(std::span<Real> slice);
  [[nodiscard]] std::int64_t inner() const { return chain_.size(chain_.depth() - 1); }

  const Communicator* team_;
  FactorChain chain_;
  VectorSpace space_;
  VectorSpace front_;  ///< all factors but the last
  BatchLayout layout_;
  MatrixEntries entries_;
  ResidualLoss loss_;
  std::vector<std::int64_t> subset_;
  std::optional<SparseEntries> selected_;
  double coefficient_ = 1.0;
  ShardGemm<Real> gemm_;
  FactorPass<Real> pass_;
  GradientTree<Real> tree_;
  const Real* hidden_ = nullptr;
  std::vector<double> elements_;  ///< residuals of this rank's entries
  std::vector<Real> slopes_;      ///< of all entries, this rank's filled
  AlignedVector<Real> back_;
  AlignedVector<Real> back_tangent_;
  AlignedVector<Real> front_whole_;
};

/// Few enough that it pays to leave the others out: less than a sixteenth of the matrix, what a
/// GEMM outruns sparse loops by. Local.
[[nodiscard]] inline bool is_sparse(std::int64_t entries, std::int64_t rows, std::int64_t columns) {
  return entries < rows * columns / 16;
}

}  // namespace thalweg
