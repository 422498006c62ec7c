#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "parallel/communicator.hpp"

namespace thalweg {

/// Collective over comm. Adds the ranks' values element by element in order of the rank, on every
/// rank: for a given communicator always the same bits. A piece at a time, so that no rank holds
/// all ranks' values at once.
template <class Real>
void sum_over_ranks(const Communicator& comm, std::span<Real> values) {
  if (comm.size() == 1) return;
  const std::int64_t piece = std::int64_t{1} << 16;
  const auto size = static_cast<std::int64_t>(values.size());
  std::vector<Real> all;
  for (std::int64_t at = 0; at < size; at += piece) {
    const std::int64_t count = std::min(piece, size - at);
    const std::vector<std::int64_t> counts(static_cast<std::size_t>(comm.size()), count);
    all.resize(static_cast<std::size_t>(count * comm.size()));
    const auto part = values.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(count));
    comm.all_gather(std::span<const Real>(part), std::span<Real>(all),
                    std::span<const std::int64_t>(counts));
    std::copy_n(all.begin(), count, part.begin());
    for (std::int64_t i = count; i < count * comm.size(); ++i) {
      part[static_cast<std::size_t>(i % count)] += all[static_cast<std::size_t>(i)];
    }
  }
}

}  // namespace thalweg
