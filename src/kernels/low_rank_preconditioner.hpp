#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernel_tiles.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

/// A preconditioner for K + λI from a Nyström approximation of stated rank: K ≈ B Bᵀ with B = K_:S
/// chol(K_SS)⁻¹, S samples spread evenly over all, and P = B Bᵀ + (λ + δ) I, δ the mean of what the
/// approximation leaves of the diagonal; P⁻¹ by Woodbury's identity. B is spread over the ranks by
/// rows: rank · n/P numbers each.
class LowRankPreconditioner {
 public:
  /// Collective over comm, which must outlive it. `diagonal` is that of K. The tiles of the panels
  /// that hold S are computed once. Throws Error for a rank outside 1..n.
  template <class Real>
  LowRankPreconditioner(const Communicator& comm, const KernelTiles<Real>& tiles,
                        std::span<const double> diagonal, double lambda, std::int64_t rank);

  /// Collective over comm. out ← P⁻¹ in, n × m, column-major, on every rank.
  void apply(std::span<const double> in, std::span<double> out) const;
  /// δ. Local.
  [[nodiscard]] double left_over() const { return left_over_; }

 private:
  const Communicator* comm_;
  std::int64_t n_;
  std::int64_t rank_;
  std::int64_t first_ = 0;  ///< this rank's rows
  std::int64_t rows_ = 0;
  double scale_ = 0.0;  ///< λ + δ
  double left_over_ = 0.0;
  std::vector<double> b_;     ///< rows × rank, column-major
  std::vector<double> core_;  ///< U of chol((λ + δ) I + BᵀB), rank × rank
};

}  // namespace thalweg
