#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace thalweg {

/// A contiguous range [begin, end).
struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  [[nodiscard]] std::int64_t size() const { return end - begin; }
  friend bool operator==(const Range&, const Range&) = default;
};

/// `items` dealt out to `parts` in contiguous ranges whose sizes differ by at most one. Local.
class Partition {
 public:
  Partition(std::int64_t items, int parts) : items_(items), parts_(parts) {}
  [[nodiscard]] Range of(int part) const {
    return {items_ * part / parts_, items_ * (part + 1) / parts_};
  }
  [[nodiscard]] int owner(std::int64_t item) const {
    auto part = static_cast<int>(item * parts_ / items_);
    while (of(part).end <= item) ++part;
    while (of(part).begin > item) --part;
    return part;
  }
  [[nodiscard]] std::int64_t items() const { return items_; }
  [[nodiscard]] int parts() const { return parts_; }
  /// Sizes of all parts.
  [[nodiscard]] std::vector<std::int64_t> counts() const {
    std::vector<std::int64_t> sizes;
    sizes.reserve(static_cast<std::size_t>(parts_));
    for (int part = 0; part < parts_; ++part) sizes.push_back(of(part).size());
    return sizes;
  }

 private:
  std::int64_t items_;
  int parts_;
};

}  // namespace thalweg
