#include <algorithm>
#include <bit>

#include "objectives/network/network_loss.hpp"
#include "parallel/node_stage.hpp"

namespace thalweg {

template <class Real>
std::int64_t NetworkLoss<Real>::step_bytes(std::int64_t rows, std::span<const TreeNode> nodes,
                                           bool alone, std::int64_t exchange) const {
  std::int64_t numbers = rows * (network_.inputs() + network_.outputs());
  // One whole gradient a subtree of this rank's, unless it is the batch's and goes to the caller;
  // and where a subtree has inner nodes on its right, one buffer a level of the widest layer.
  if (!alone) numbers += static_cast<std::int64_t>(nodes.size()) * space_.dimension();
  std::int64_t widest = 0;
  for (const auto& block : network_.parameters()) widest = std::max(widest, block.count());
  int deepest = 0;
  for (const auto& node : nodes) deepest = std::max(deepest, node.level);
  numbers += std::max(0, deepest - 1) * widest;
  // Where shards are added up, the first step tries on arrays of the widest layer whether BLAS adds
  // with the bits of a separate addition; where it does not, one of them stays in use.
  if (deepest > 0) numbers += 2 * widest;
  return numbers * static_cast<std::int64_t>(sizeof(Real)) +
         network_.memory_bytes(rows, Network<Real>::Holding::gradient) + exchange;
}

template <class Real>
std::int64_t NetworkLoss<Real>::step_bytes(std::int64_t batch) const {
  const BatchLayout layout(*team_, batch, training_shard(batch));
  const OrderedReduction& reduction = layout.reduction();
  return step_bytes(layout.rows().size(), reduction.nodes(), team_->size() == 1,
                    reduction.exchange_bytes(space_, static_cast<std::int64_t>(sizeof(Real))));
}

template <class Real>
std::int64_t NetworkLoss<Real>::step_bytes(std::int64_t batch, int ranks, bool one_node) const {
  const std::int64_t shard = training_shard(batch);
  const std::int64_t leaves = (batch + shard - 1) / shard;
  const Partition partition(leaves, ranks);
  std::vector<std::vector<TreeNode>> nodes;
  std::int64_t all_nodes = 0;
  for (int rank = 0; rank < ranks; ++rank) {
    const Range mine = partition.of(rank);
    nodes.push_back(cover(mine.begin, mine.end, leaves));
    all_nodes += static_cast<std::int64_t>(nodes.back().size());
  }
  const std::int64_t slice = (space_.dimension() + ranks - 1) / ranks;
  std::int64_t most = 0;
  for (int rank = 0; rank < ranks; ++rank) {
    const auto& own = nodes[static_cast<std::size_t>(rank)];
    const Range mine = partition.of(rank);
    const std::int64_t rows =
        std::min(mine.end * shard, batch) - std::min(mine.begin * shard, batch);
    const std::int64_t of_others = (all_nodes - static_cast<std::int64_t>(own.size())) * slice *
                                   static_cast<std::int64_t>(sizeof(Real));
    const std::int64_t exchange = one_node ? 2 * NodeStage::kArea : of_others;
    most = std::max(most, step_bytes(rows, own, ranks == 1, ranks == 1 ? 0 : exchange));
  }
  return most;
}

template <class Real>
std::int64_t NetworkLoss<Real>::pass_bytes(std::int64_t rows, Statistics statistics,
                                           typename Network<Real>::Holding holding) const {
  const std::int64_t shards = (rows + evaluation_shard_ - 1) / evaluation_shard_;
  const std::int64_t at_once = shards_at_once(evaluation_shard_, statistics, holding);
  // Pieces are subtrees of the batch's tree.
  const std::int64_t piece =
      shards <= at_once
          ? rows
          : evaluation_shard_ *
                static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(at_once)));
  return rows * network_.inputs() * static_cast<std::int64_t>(sizeof(Real)) +
         network_.memory_bytes(std::min(piece, rows), holding);
}

template std::int64_t NetworkLoss<float>::step_bytes(std::int64_t) const;
template std::int64_t NetworkLoss<double>::step_bytes(std::int64_t) const;
template std::int64_t NetworkLoss<float>::step_bytes(std::int64_t, int, bool) const;
template std::int64_t NetworkLoss<double>::step_bytes(std::int64_t, int, bool) const;
template std::int64_t NetworkLoss<float>::pass_bytes(std::int64_t, Statistics,
                                                     Network<float>::Holding) const;
template std::int64_t NetworkLoss<double>::pass_bytes(std::int64_t, Statistics,
                                                      Network<double>::Holding) const;

}  // namespace thalweg
