#include "studies/deal_out.hpp"

#include <algorithm>
#include <numeric>

namespace thalweg {

std::vector<std::vector<std::size_t>> deal_out(std::span<const double> costs, std::int64_t teams) {
  std::vector<std::size_t> order(costs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return costs[a] > costs[b]; });
  std::vector<std::vector<std::size_t>> dealt(static_cast<std::size_t>(teams));
  std::vector<double> load(dealt.size(), 0.0);
  for (const auto run : order) {
    const auto least =
        static_cast<std::size_t>(std::min_element(load.begin(), load.end()) - load.begin());
    dealt[least].push_back(run);
    load[least] += costs[run];
  }
  return dealt;
}

}  // namespace thalweg
