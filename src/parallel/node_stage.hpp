#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "parallel/communicator.hpp"
#include "parallel/shared_window.hpp"

namespace thalweg {

/// Where ranks of one node show each other numbers: two areas a rank in shared memory, filled and
/// shown in turns. An exchange in pieces of an area costs a copy in and a read, from the cache;
/// Open MPI's messages between the same ranks took ten times as long.
class NodeStage {
 public:
  /// Bytes of an area: two of each rank stay in the caches.
  static constexpr std::int64_t kArea = std::int64_t{1} << 19;

  /// Collective over `node`, whose ranks share memory.
  explicit NodeStage(Communicator node);

  [[nodiscard]] int size() const { return node_.size(); }
  /// The area this rank fills before it shows it. Local.
  template <class T>
  [[nodiscard]] std::span<T> mine() const {
    return area<T>(node_.rank(), filled_);
  }
  /// Collective. What each rank filled can be read until show() after the next is called.
  void show();
  /// The area that a rank has shown last. Local.
  template <class T>
  [[nodiscard]] std::span<const T> of(int rank) const {
    return area<T>(rank, 1 - filled_);
  }

 private:
  template <class T>
  [[nodiscard]] std::span<T> area(int rank, int turn) const {
    constexpr auto count = static_cast<std::size_t>(kArea) / sizeof(T);
    return window_.as<T>().subspan((2 * static_cast<std::size_t>(rank) + turn) * count, count);
  }
  Communicator node_;
  SharedWindow window_;
  int filled_ = 0;
};

}  // namespace thalweg
