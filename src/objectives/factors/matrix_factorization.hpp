#pragma once

#include <memory>

#include "objectives/factors/factor_chain.hpp"
#include "objectives/factors/factor_pass.hpp"
#include "objectives/factors/observations.hpp"
#include "objectives/parameter_layout.hpp"

namespace thalweg {

/// The loss of a matrix that is a product of factors (Arora et al. 2019), a deep linear net without
/// data: its observed elements, or measurements, against their values. Samples are observations.
///
/// The rows of the matrix are dealt out to the ranks in shards, as a batch's samples are: a shard
/// is carried through the factors and back, what it gives to the factors behind the first is added
/// up in the fixed tree. Flops of a gradient with square factors of order n: 6n³ for each factor
/// but the first, one product forward and two back; the derivative by the first is what comes back.
/// Share of the sgemm ceiling at depth 3: .9 at n = 100 on one rank (bench/README.md).
template <class Real>
class MatrixFactorization final : public Objective<Real>, public ParameterLayout {
 public:
  /// Entries or measurements of a matrix of the chain's shape; all rows are one shard where there
  /// are measurements. Local, over the team that computes. Throws Error where there are none.
  MatrixFactorization(const Communicator& team, const FactorChain& chain, MatrixEntries entries,
                      ResidualLoss loss);
  MatrixFactorization(const Communicator& team, const FactorChain& chain, Measurements measurements,
                      ResidualLoss loss);

  [[nodiscard]] const VectorSpace& space() const override { return space_; }
  [[nodiscard]] std::int64_t sample_count() const override { return observations_->size(); }
  [[nodiscard]] std::vector<ParameterBlock> parameter_blocks() const override {
    return chain_.blocks();
  }
  double value(std::span<const Real> x, Subset subset) override;
  double gradient(std::span<const Real> x, Subset subset, std::span<Real> gradient_slice) override;
  void hessian_vector(std::span<const Real> x, std::span<const Real> v, Subset subset,
                      std::span<Real> product_slice) override;

 private:
  MatrixFactorization(const Communicator& team, FactorChain chain, std::int64_t shard);
  void require_some() const;
  [[nodiscard]] std::size_t outputs() const;
  const Real* product(std::span<const Real> x);
  double loss(const Real* product);
  void begin(std::span<Real> slice);
  void finish(std::span<Real> slice);

  const Communicator* team_;
  FactorChain chain_;
  VectorSpace space_;
  BatchLayout layout_;
  ShardGemm<Real> gemm_;
  FactorPass<Real> pass_;
  std::unique_ptr<Observations<Real>> observations_;
  GradientTree<Real> tree_;
  const Real* hidden_ = nullptr;
  AlignedVector<Real> derivative_;
  AlignedVector<Real> tangent_;
  AlignedVector<Real> back_;
  AlignedVector<Real> back_tangent_;
};

}  // namespace thalweg
