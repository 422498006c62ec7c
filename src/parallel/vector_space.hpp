#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "parallel/communicator.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

/// Vectors of R^dimension, cut into blocks of kVectorBlock elements of which each rank owns a
/// contiguous run: its slice. Dot products add block sums along the canonical tree, so they have
/// the same bits on any number of ranks.
class VectorSpace {
 public:
  VectorSpace(const Communicator& comm, std::int64_t dimension);

  [[nodiscard]] std::int64_t dimension() const { return dimension_; }
  /// This rank's elements.
  [[nodiscard]] Range slice() const { return slices_[static_cast<std::size_t>(comm_->rank())]; }
  [[nodiscard]] Range slice(int rank) const { return slices_[static_cast<std::size_t>(rank)]; }
  [[nodiscard]] const Communicator& comm() const { return *comm_; }

  /// Collective. Σ a_i b_i in float64, of slices.
  template <class Real>
  [[nodiscard]] double dot(std::span<const Real> a_slice, std::span<const Real> b_slice) const;
  /// Collective. Several dot products with one exchange: ⟨a_k, b⟩ for each k.
  [[nodiscard]] std::vector<double> dots(std::span<const std::vector<double>> a_slices,
                                         std::span<const double> b_slice) const;
  /// Collective. Euclidean norm.
  template <class Real>
  [[nodiscard]] double norm(std::span<const Real> a_slice) const;
  /// Collective. The whole vector on every rank from the ranks' slices.
  template <class Real>
  void gather(std::span<const Real> a_slice, std::span<Real> whole) const;
  /// Collective. As above; each rank's own slice is already in place.
  template <class Real>
  void gather_in_place(std::span<Real> whole) const;
  /// Local. This rank's part of a whole vector.
  template <class T>
  [[nodiscard]] std::span<T> slice_of(std::span<T> whole) const {
    return whole.subspan(static_cast<std::size_t>(slice().begin),
                         static_cast<std::size_t>(slice().size()));
  }

 private:
  const Communicator* comm_;
  std::int64_t dimension_;
  std::vector<Range> slices_;
  std::vector<std::int64_t> counts_;
  std::vector<std::int64_t> block_counts_;
};

}  // namespace thalweg
