#include "data/nested_draws.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "base/error.hpp"
#include "base/philox.hpp"

namespace thalweg {

std::vector<std::int64_t> nested_draw(std::span<const std::int32_t> labels, std::int64_t classes,
                                      std::uint64_t seed, std::int64_t draw) {
  std::vector<std::vector<std::int64_t>> of_class(static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    of_class[static_cast<std::size_t>(labels[i])].push_back(static_cast<std::int64_t>(i));
  }
  Stream stream(seed, Purpose::split, static_cast<std::uint64_t>(draw));
  std::size_t longest = 0;
  for (std::size_t c = 0; c < of_class.size(); ++c) {
    if (of_class[c].empty()) {
      throw Error(fmt::format("none of the pool's {} samples is of class {}", labels.size(), c));
    }
    shuffle(of_class[c], stream);
    longest = std::max(longest, of_class[c].size());
  }
  std::vector<std::int64_t> order;
  order.reserve(labels.size());
  for (std::size_t k = 0; k < longest; ++k) {
    for (const auto& members : of_class) {
      if (k < members.size()) order.push_back(members[k]);
    }
  }
  return order;
}

}  // namespace thalweg
