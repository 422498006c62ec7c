#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "base/ordered_sum.hpp"
#include "parallel/communicator.hpp"
#include "parallel/partition.hpp"
#include "parallel/vector_space.hpp"

namespace thalweg {

/// Sums over the leaves (shards) of the canonical tree, dealt out to ranks in contiguous ranges:
/// each rank adds its own maximal subtrees, the few partial sums left are exchanged and finished in
/// tree order. The result has the same bits on any number of ranks.
class OrderedReduction {
 public:
  /// `leaves` shards over the ranks of `comm`. Local.
  OrderedReduction(const Communicator& comm, std::int64_t leaves);

  [[nodiscard]] std::int64_t leaves() const { return partition_.items(); }
  /// The leaves this rank computes.
  [[nodiscard]] Range mine() const { return partition_.of(comm_->rank()); }
  [[nodiscard]] const Communicator& comm() const { return *comm_; }
  /// This rank's maximal subtrees, from left to right.
  [[nodiscard]] const std::vector<TreeNode>& nodes() const { return nodes(comm_->rank()); }
  /// Another rank's.
  [[nodiscard]] const std::vector<TreeNode>& nodes(int rank) const {
    return nodes_[static_cast<std::size_t>(rank)];
  }

  /// Collective. Short vectors: `leaf_values` holds this rank's leaves, `width` numbers each;
  /// returns their sum over all leaves on every rank. With `merge`, nodes are combined by it
  /// instead of by addition.
  using Merge = std::function<void(std::span<double> left, std::span<const double> right)>;
  [[nodiscard]] std::vector<double> all_sum(std::span<const double> leaf_values,
                                            std::int64_t width) const;
  [[nodiscard]] std::vector<double> all_merge(std::span<const double> leaf_values,
                                              std::int64_t width, const Merge& merge) const;

  /// Collective. As all_sum, with each leaf's numbers made when they are needed: `leaf(index,
  /// values)`.
  using Leaf = std::function<void(std::int64_t index, std::span<double> values)>;
  [[nodiscard]] std::vector<double> all_sum_of(std::int64_t width, const Leaf& leaf) const;

  /// Collective. Long vectors: `node_sums[k]` is the sum of this rank's k-th subtree
  /// (space.dimension() elements). The slices are exchanged, through shared memory where all ranks
  /// are on one node, and each rank finishes its own into `slice`: the traffic of the first half of
  /// a ring allreduce.
  template <class Real>
  void reduce_to_slices(const VectorSpace& space, std::span<const AlignedVector<Real>> node_sums,
                        std::span<Real> slice) const;
  /// Collective. The same for ranks on several nodes, as reduce_to_slices chooses by itself.
  template <class Real>
  void reduce_by_messages(const VectorSpace& space, std::span<const AlignedVector<Real>> node_sums,
                          std::span<Real> slice) const;
  /// Collective. What an exchange makes this rank hold besides its operands, for elements of so
  /// many bytes: its areas of the node's stage, or a slice for each subtree of the other ranks.
  [[nodiscard]] std::int64_t exchange_bytes(const VectorSpace& space,
                                            std::int64_t element_bytes) const;

 private:
  [[nodiscard]] std::vector<double> reduce(std::int64_t width, const Leaf& leaf,
                                           const Merge& merge) const;
  template <class Real>
  void reduce_by_stage(NodeStage& stage, const VectorSpace& space,
                       std::span<const AlignedVector<Real>> node_sums, std::span<Real> slice) const;
  const Communicator* comm_;
  Partition partition_;
  std::vector<std::vector<TreeNode>> nodes_;
};

}  // namespace thalweg
