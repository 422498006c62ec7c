#include "parallel/ordered_reduction.hpp"

#include <algorithm>
#include <utility>

#include "parallel/node_stage.hpp"

namespace thalweg {

OrderedReduction::OrderedReduction(const Communicator& comm, std::int64_t leaves)
    : comm_(&comm), partition_(leaves, comm.size()) {
  for (int rank = 0; rank < comm.size(); ++rank) {
    const Range range = partition_.of(rank);
    nodes_.push_back(cover(range.begin, range.end, leaves));
  }
}

namespace {

void add(std::span<double> left, std::span<const double> right) {
  for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
}

}  // namespace

std::vector<double> OrderedReduction::all_sum(std::span<const double> leaf_values,
                                              std::int64_t width) const {
  return all_merge(leaf_values, width, add);
}

std::vector<double> OrderedReduction::all_sum_of(std::int64_t width, const Leaf& leaf) const {
  return reduce(width, leaf, add);
}

std::vector<double> OrderedReduction::all_merge(std::span<const double> leaf_values,
                                                std::int64_t width, const Merge& merge) const {
  const auto copy_leaf = [&](std::int64_t leaf, std::span<double> values) {
    const auto from = leaf_values.begin() + (leaf - mine().begin) * width;
    std::copy(from, from + width, values.begin());
  };
  return reduce(width, copy_leaf, merge);
}

std::vector<double> OrderedReduction::reduce(std::int64_t width, const Leaf& leaf,
                                             const Merge& merge) const {
  using Values = std::vector<double>;
  const auto merge_values = [&merge](Values& left, const Values& right) { merge(left, right); };
  if (leaves() == 0) return Values(static_cast<std::size_t>(width), 0.0);

  TreeSum<Values> local(leaves());
  for (std::int64_t index = mine().begin; index < mine().end; ++index) {
    Values values(static_cast<std::size_t>(width));
    leaf(index, values);
    local.push({0, index}, std::move(values), merge_values);
  }
  if (comm_->size() == 1) return std::move(local.root());

  std::vector<std::int64_t> counts;
  std::int64_t total = 0;
  for (const auto& nodes : nodes_) {
    counts.push_back(static_cast<std::int64_t>(nodes.size()) * width);
    total += counts.back();
  }
  Values packed;
  for (const auto& [node, values] : local.nodes()) {
    packed.insert(packed.end(), values.begin(), values.end());
  }
  Values all(static_cast<std::size_t>(total));
  comm_->all_gather(std::span<const double>(packed), std::span(all),
                    std::span<const std::int64_t>(counts));

  TreeSum<Values> global(leaves());
  const double* from = all.data();
  for (const auto& nodes : nodes_) {
    for (const auto& node : nodes) {
      global.push(node, Values(from, from + width), merge_values);
      from += width;
    }
  }
  return std::move(global.root());
}

namespace {

/// Tree sums of one rank's elements of all nodes, in blocks that the innermost cache holds: the
/// first operand of a merge is overwritten, so each node's elements are copied.
template <class Real>
class BlockSums {
 public:
  /// The nodes of all ranks, in tree order.
  BlockSums(std::int64_t leaves, std::span<const std::vector<TreeNode>> nodes)
      : leaves_(leaves), nodes_(nodes) {}

  /// `operand(rank, k)` is where the elements of a rank's k-th node begin.
  template <class Operand>
  void add_up(std::int64_t count, Real* to, const Operand& operand) const {
    constexpr std::int64_t block = 2048;
    for (std::int64_t at = 0; at < count; at += block) {
      const auto n = static_cast<std::size_t>(std::min(block, count - at));
      TreeSum<AlignedVector<Real>> tree(leaves_);
      for (std::size_t rank = 0; rank < nodes_.size(); ++rank) {
        for (std::size_t k = 0; k < nodes_[rank].size(); ++k) {
          const Real* from = operand(static_cast<int>(rank), k) + at;
          tree.push(nodes_[rank][k], AlignedVector<Real>(from, from + n),
                    [n](AlignedVector<Real>& left, const AlignedVector<Real>& right) {
                      for (std::size_t i = 0; i < n; ++i) left[i] += right[i];
                    });
        }
      }
      std::copy(tree.root().begin(), tree.root().end(), to + at);
    }
  }

 private:
  std::int64_t leaves_;
  std::span<const std::vector<TreeNode>> nodes_;
};

}  // namespace

template <class Real>
void OrderedReduction::reduce_to_slices(const VectorSpace& space,
                                        std::span<const AlignedVector<Real>> node_sums,
                                        std::span<Real> slice) const {
  if (comm_->size() == 1 && node_sums.size() == 1) {  // the root itself
    std::copy(node_sums.front().begin(), node_sums.front().end(), slice.begin());
  } else if (NodeStage* stage = comm_->stage(); stage != nullptr) {
    reduce_by_stage(*stage, space, node_sums, slice);
  } else {
    reduce_by_messages(space, node_sums, slice);
  }
}

template <class Real>
void OrderedReduction::reduce_by_stage(NodeStage& stage, const VectorSpace& space,
                                       std::span<const AlignedVector<Real>> node_sums,
                                       std::span<Real> slice) const {
  const auto ranks = static_cast<std::int64_t>(nodes_.size());
  std::int64_t most_nodes = 1;
  std::int64_t longest = 0;
  for (int rank = 0; rank < ranks; ++rank) {
    most_nodes = std::max(most_nodes, static_cast<std::int64_t>(nodes(rank).size()));
    longest = std::max(longest, space.slice(rank).size());
  }
  // An area holds as many elements of each node for each rank.
  const std::int64_t room =
      NodeStage::kArea / static_cast<std::int64_t>(sizeof(Real)) / (ranks * most_nodes);
  if (room == 0) {
    reduce_by_messages(space, node_sums, slice);
    return;
  }
  const auto place = [&](int to, std::size_t k) {
    return (to * most_nodes + static_cast<std::int64_t>(k)) * room;
  };
  const BlockSums<Real> sums(leaves(), nodes_);
  const int me = comm_->rank();
  for (std::int64_t at = 0; at < longest; at += room) {
    for (int to = 0; to < ranks; ++to) {
      const Range range = space.slice(to);
      const std::int64_t begin = std::min(range.begin + at, range.end);
      const std::int64_t end = std::min(begin + room, range.end);
      for (std::size_t k = 0; k < node_sums.size() && to != me; ++k) {
        std::copy(node_sums[k].begin() + begin, node_sums[k].begin() + end,
                  stage.mine<Real>().begin() + place(to, k));
      }
    }
    stage.show();
    const std::int64_t begin = std::min(at, space.slice().size());
    sums.add_up(std::min(room, space.slice().size() - begin), slice.data() + begin,
                [&](int rank, std::size_t k) {
                  return rank == me ? node_sums[k].data() + space.slice().begin + begin
                                    : stage.of<Real>(rank).data() + place(me, k);
                });
  }
}

template <class Real>
void OrderedReduction::reduce_by_messages(const VectorSpace& space,
                                          std::span<const AlignedVector<Real>> node_sums,
                                          std::span<Real> slice) const {
  constexpr int tag = 41;
  const auto n = static_cast<std::size_t>(space.slice().size());
  std::vector<MPI_Request> requests;
  std::vector<std::vector<AlignedVector<Real>>> received(nodes_.size());
  for (int rank = 0; rank < comm_->size(); ++rank) {
    if (rank == comm_->rank()) continue;
    auto& from = received[static_cast<std::size_t>(rank)];
    from.assign(nodes(rank).size(), AlignedVector<Real>(n));
    for (auto& values : from) comm_->start_receive(std::span(values), rank, tag, requests);
  }
  for (int rank = 0; rank < comm_->size(); ++rank) {
    if (rank == comm_->rank()) continue;
    const Range to = space.slice(rank);
    for (const auto& sums : node_sums) {
      comm_->start_send(std::span<const Real>(sums).subspan(static_cast<std::size_t>(to.begin),
                                                            static_cast<std::size_t>(to.size())),
                        rank, tag, requests);
    }
  }
  Communicator::wait_all(requests);
  BlockSums<Real>(leaves(), nodes_)
      .add_up(space.slice().size(), slice.data(), [&](int rank, std::size_t k) {
        return rank == comm_->rank() ? node_sums[k].data() + space.slice().begin
                                     : received[static_cast<std::size_t>(rank)][k].data();
      });
}

std::int64_t OrderedReduction::exchange_bytes(const VectorSpace& space,
                                              std::int64_t element_bytes) const {
  if (comm_->size() == 1) return 0;
  if (comm_->stage() != nullptr) return 2 * NodeStage::kArea;
  std::int64_t received = 0;
  for (int rank = 0; rank < comm_->size(); ++rank) {
    if (rank != comm_->rank()) received += static_cast<std::int64_t>(nodes(rank).size());
  }
  return received * space.slice().size() * element_bytes;
}

template void OrderedReduction::reduce_to_slices<float>(const VectorSpace&,
                                                        std::span<const AlignedVector<float>>,
                                                        std::span<float>) const;
template void OrderedReduction::reduce_by_messages<float>(const VectorSpace&,
                                                          std::span<const AlignedVector<float>>,
                                                          std::span<float>) const;
template void OrderedReduction::reduce_to_slices<double>(const VectorSpace&,
                                                         std::span<const AlignedVector<double>>,
                                                         std::span<double>) const;
template void OrderedReduction::reduce_by_messages<double>(const VectorSpace&,
                                                           std::span<const AlignedVector<double>>,
                                                           std::span<double>) const;

}  // namespace thalweg
