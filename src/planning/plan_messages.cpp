#include "planning/plan_messages.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/ordered_sum.hpp"
#include "parallel/node_stage.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

namespace {

/// ⌈log₂ P⌉.
double rounds_of(std::int64_t ranks) {
  return static_cast<double>(
      std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(ranks, 1) - 1)));
}

struct Line {
  double latency_s;
  double bytes_per_s;
};

Line line_of(const NetworkModel& network, std::int64_t ranks) {
  return network.is_one_node(ranks) ? Line{network.node_latency_s, network.node_bytes_per_s}
                                    : Line{network.latency_s, network.bytes_per_s};
}

/// Received from the others.
double others_share(double bytes, std::int64_t ranks) {
  return bytes * static_cast<double>(ranks - 1) / static_cast<double>(ranks);
}

ExchangeCost gather_cost(double bytes, std::int64_t ranks, const Line& line) {
  constexpr double long_bytes = 80.0 * 1024.0;
  const double received = others_share(bytes, ranks);
  const double rounds = bytes < long_bytes ? rounds_of(ranks) : static_cast<double>(ranks - 1);
  return {1.0, 0.0, received, rounds * line.latency_s + received / line.bytes_per_s};
}

ExchangeCost broadcast_cost(double bytes, std::int64_t ranks, const Line& line) {
  constexpr double long_bytes = 12.0 * 1024.0;
  const double rounds = rounds_of(ranks);
  const double seconds = bytes < long_bytes
                             ? rounds * (line.latency_s + bytes / line.bytes_per_s)
                             : (rounds + static_cast<double>(ranks - 1)) * line.latency_s +
                                   2.0 * others_share(bytes, ranks) / line.bytes_per_s;
  return {1.0, 0.0, bytes, seconds};
}

/// Along a row and along a column of a grid as square as may be, each with its part of the panel.
ExchangeCost panel_cost(double bytes, std::int64_t ranks, const Line& line) {
  const auto side = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(ranks))));
  const double part = bytes / static_cast<double>(side);
  ExchangeCost down = broadcast_cost(part, side, line);
  return {2.0 * down.calls, 0.0, 2.0 * down.bytes, 2.0 * down.seconds};
}

ExchangeCost slices_cost(const Exchange& exchange, std::int64_t ranks,
                         const NetworkModel& network) {
  const TreeShares shares = tree_shares(exchange.leaves, ranks);
  const double slice = std::ceil(exchange.bytes / static_cast<double>(ranks));
  const auto all = static_cast<double>(shares.all);
  const Line line = line_of(network, ranks);
  if (network.is_one_node(ranks)) {
    const double room = static_cast<double>(NodeStage::kArea) /
                        (static_cast<double>(ranks) * static_cast<double>(shares.most));
    const double rounds = std::ceil(slice / std::max(room, 1.0));
    const double read = all * slice;
    return {rounds, 0.0, read,
            rounds * rounds_of(ranks) * line.latency_s + read / line.bytes_per_s};
  }
  const double messages = static_cast<double>(shares.most) * static_cast<double>(ranks - 1);
  const double received = all * slice;
  return {0.0, messages, received, messages * line.latency_s + received / line.bytes_per_s};
}

}  // namespace

TreeShares tree_shares(std::int64_t leaves, std::int64_t ranks) {
  TreeShares shares;
  const Partition partition(leaves, static_cast<int>(ranks));
  for (int rank = 0; rank < static_cast<int>(ranks); ++rank) {
    const Range range = partition.of(rank);
    if (range.size() == 0) continue;
    const auto held = static_cast<std::int64_t>(cover(range.begin, range.end, leaves).size());
    shares.all += held;
    shares.most = std::max(shares.most, held);
  }
  return shares;
}

ExchangeCost cost_of(const Exchange& exchange, std::int64_t ranks, const NetworkModel& network) {
  if (ranks <= 1) return {};
  const Line line = line_of(network, ranks);
  ExchangeCost one;
  switch (exchange.kind) {
    case Exchange::Kind::gather:
      one = gather_cost(exchange.bytes, ranks, line);
      break;
    case Exchange::Kind::agree:
      one = {1.0, 0.0, 8.0, rounds_of(ranks) * (line.latency_s + 8.0 / line.bytes_per_s)};
      break;
    case Exchange::Kind::broadcast:
      one = broadcast_cost(exchange.bytes, ranks, line);
      break;
    case Exchange::Kind::tree_sum:
      one =
          gather_cost(exchange.bytes * static_cast<double>(tree_shares(exchange.leaves, ranks).all),
                      ranks, line);
      break;
    case Exchange::Kind::panel:
      one = panel_cost(exchange.bytes, ranks, line);
      break;
    case Exchange::Kind::slices:
      one = slices_cost(exchange, ranks, network);
      break;
  }
  return {exchange.calls * one.calls, exchange.calls * one.messages, exchange.calls * one.bytes,
          exchange.calls * one.seconds};
}

}  // namespace thalweg
