#include <algorithm>

#include "objectives/network_loss.hpp"

namespace thalweg {

template <class Real>
std::int64_t NetworkLoss<Real>::step_bytes(std::int64_t batch) const {
  const BatchLayout layout(*team_, batch, training_shard(batch));
  const OrderedReduction& reduction = layout.reduction();
  const std::int64_t rows = layout.rows().size();
  std::int64_t numbers = rows * (network_.inputs() + network_.outputs());
  // One whole gradient a subtree of this rank's, unless it is the batch's and goes to the caller;
  // and where a subtree has inner nodes on its right, one buffer a level of the widest layer.
  const auto nodes = static_cast<std::int64_t>(reduction.nodes().size());
  if (team_->size() > 1) numbers += nodes * space_.dimension();
  std::int64_t widest = 0;
  for (const auto& block : network_.parameters()) widest = std::max(widest, block.count());
  int deepest = 0;
  for (const auto& node : reduction.nodes()) deepest = std::max(deepest, node.level);
  numbers += std::max(0, deepest - 1) * widest;
  // Where shards are added up, the first step tries on arrays of the widest layer whether BLAS adds
  // with the bits of a separate addition; where it does not, one of them stays in use.
  if (deepest > 0) numbers += 2 * widest;
  return numbers * static_cast<std::int64_t>(sizeof(Real)) +
         network_.memory_bytes(rows, Network<Real>::Holding::gradient) +
         reduction.exchange_bytes(space_, static_cast<std::int64_t>(sizeof(Real)));
}

template std::int64_t NetworkLoss<float>::step_bytes(std::int64_t) const;
template std::int64_t NetworkLoss<double>::step_bytes(std::int64_t) const;

}  // namespace thalweg
