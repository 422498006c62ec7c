#pragma once

#include <cstdint>

namespace thalweg {

/// The network between nodes, and what ranks of one node exchange through memory.
struct NetworkModel {
  double latency_s = 2e-6;  ///< α: of one message between nodes
  double bytes_per_s = 12e9;
  double node_latency_s = 2e-6;  ///< the same between ranks of a node
  double node_bytes_per_s = 12e9;
  std::int64_t cores_per_node = 2;

  [[nodiscard]] bool is_one_node(std::int64_t ranks) const { return ranks <= cores_per_node; }
};

/// One kind of exchange that a unit of work makes, as the suite makes it.
struct Exchange {
  enum class Kind {
    gather,     ///< Communicator::all_gather of `bytes` in all
    agree,      ///< Communicator::max of 8 bytes
    broadcast,  ///< of `bytes`
    tree_sum,   ///< OrderedReduction::all_sum: `leaves` of `bytes` each
    slices,     ///< OrderedReduction::reduce_to_slices: `leaves`, vectors of `bytes`
    panel,      ///< a block row of a matrix on a grid, `bytes` in all, down columns and along rows
  };
  Kind kind = Kind::gather;
  double calls = 1.0;
  double bytes = 0.0;
  std::int64_t leaves = 0;
};

/// What all calls of an exchange cost one rank, the busiest.
struct ExchangeCost {
  double calls = 0.0;     ///< collective calls of MPI
  double messages = 0.0;  ///< sent point to point, but for those inside MPI's collectives
  double bytes = 0.0;     ///< received
  double seconds = 0.0;
};

/// Subtrees of the canonical tree over `leaves` that ranks hold, where those are dealt out to
/// `ranks`: what is left to be exchanged of a sum.
struct TreeShares {
  std::int64_t all = 0;   ///< of all ranks together
  std::int64_t most = 0;  ///< of one rank
};
[[nodiscard]] TreeShares tree_shares(std::int64_t leaves, std::int64_t ranks);

/// Local. Calls and volume are what the suite does; seconds by α + bytes/β for each message
/// (Hockney 1994) with the algorithms of Thakur, Rabenseifner & Gropp 2005, as MPI libraries choose
/// them: an allgather by recursive doubling below 80 KiB (⌈log₂ P⌉ α), by a ring above ((P − 1) α),
/// both with (P − 1)/P of the bytes; a broadcast along a binomial tree below 12 KiB, by scatter and
/// allgather above; an allreduce of 8 bytes by recursive doubling. Slices are exchanged by messages
/// between nodes, one from each subtree of each other rank, and through shared memory within one,
/// in rounds.
[[nodiscard]] ExchangeCost cost_of(const Exchange& exchange, std::int64_t ranks,
                                   const NetworkModel& network);

}  // namespace thalweg
