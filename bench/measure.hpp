#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "base/clock.hpp"
#include "parallel/communicator.hpp"

namespace thalweg::bench {

/// Seconds of one repetition: barrier, time, maximum over ranks. Collective.
inline double time_once(const Communicator& comm, const std::function<void()>& work) {
  comm.barrier();
  const Stopwatch watch;
  work();
  return comm.max(watch.elapsed_s());
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

}  // namespace thalweg::bench
