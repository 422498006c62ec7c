#include "kernels/memory.hpp"

#include <fmt/format.h>

#include <array>

#include "base/error.hpp"

namespace thalweg {

void require_memory(const Communicator& comm, const std::string& what, std::int64_t n,
                    const std::function<std::int64_t(std::int64_t)>& need, std::int64_t available) {
  std::array<std::int64_t, 1> of_node{available};
  const Communicator node = comm.split_by_node();
  node.broadcast(std::span<std::int64_t>(of_node));
  const std::int64_t share = of_node[0] / node.size();
  collectively(comm, [&] {
    if (need(n) <= share) return;
    std::int64_t fits = 0;
    for (std::int64_t step = std::int64_t{1} << 40; step > 0; step /= 2) {
      if (fits + step < n && need(fits + step) <= share) fits += step;
    }
    throw ConfigurationError(fmt::format(
        "not enough memory: {} with n = {} needs {} bytes on a node ({} ranks of {} bytes), {} are "
        "available; the largest n "
        "that fits on these nodes is {}; [kernel] precision = \"mixed\" halves a Cholesky's "
        "matrix, "
        "[regression] method = \"cg\" keeps none",
        what, n, need(n) * node.size(), node.size(), need(n), of_node[0], fits));
  });
}

}  // namespace thalweg
