#include "parallel/ordered_reduction.hpp"

#include <algorithm>
#include <utility>

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

template <class Real>
void OrderedReduction::reduce_to_slices(const VectorSpace& space,
                                        std::span<const AlignedVector<Real>> node_sums,
                                        std::span<Real> slice) const {
  constexpr int tag = 41;
  const auto n = static_cast<std::size_t>(space.slice().size());
  std::vector<MPI_Request> requests;
  std::vector<AlignedVector<Real>> received;  // nodes of the other ranks, in tree order
  for (int rank = 0; rank < comm_->size(); ++rank) {
    for (std::size_t k = 0; k < nodes_[static_cast<std::size_t>(rank)].size(); ++k) {
      received.emplace_back(rank == comm_->rank() ? 0 : n);
    }
  }
  std::size_t at = 0;
  for (int rank = 0; rank < comm_->size(); ++rank) {
    for (std::size_t k = 0; k < nodes_[static_cast<std::size_t>(rank)].size(); ++k, ++at) {
      if (rank != comm_->rank()) comm_->start_receive(std::span(received[at]), rank, tag, requests);
    }
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

  // The first operand of each merge is overwritten, so an own node's slice is copied before it may
  // be one.
  using Values = AlignedVector<Real>;
  TreeSum<Values> tree(leaves());
  at = 0;
  for (int rank = 0; rank < comm_->size(); ++rank) {
    const auto& nodes = nodes_[static_cast<std::size_t>(rank)];
    for (std::size_t k = 0; k < nodes.size(); ++k, ++at) {
      if (rank == comm_->rank()) {
        const auto mine = space.slice_of(std::span<const Real>(node_sums[k]));
        received[at].assign(mine.begin(), mine.end());
      }
      tree.push(nodes[k], std::move(received[at]), [n](Values& left, const Values& right) {
        for (std::size_t i = 0; i < n; ++i) left[i] += right[i];
      });
    }
  }
  const auto& root = tree.root();
  std::copy(root.begin(), root.end(), slice.begin());
}

template void OrderedReduction::reduce_to_slices<float>(const VectorSpace&,
                                                        std::span<const AlignedVector<float>>,
                                                        std::span<float>) const;
template void OrderedReduction::reduce_to_slices<double>(const VectorSpace&,
                                                         std::span<const AlignedVector<double>>,
                                                         std::span<double>) const;

}  // namespace thalweg
