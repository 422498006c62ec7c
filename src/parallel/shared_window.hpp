#pragma once

#include <mpi.h>

#include <cstdint>
#include <span>
#include <string>

#include "parallel/communicator.hpp"

namespace thalweg {

/// An array in memory that all of a node's ranks see. What a rank writes before fence() the others
/// see after it.
class SharedWindow {
 public:
  /// Collective over `node` (a communicator from split_by_node). Throws ReportedError on all its
  /// ranks, after naming host and sizes, where the node has less shared memory left; `cure` says
  /// what would do with less.
  SharedWindow(const Communicator& node, std::int64_t size_bytes, const std::string& cure = {});
  SharedWindow(const SharedWindow&) = delete;
  SharedWindow& operator=(const SharedWindow&) = delete;
  ~SharedWindow();

  [[nodiscard]] void* data() const { return data_; }
  template <class T>
  [[nodiscard]] std::span<T> as() const {
    return {static_cast<T*>(data_), static_cast<std::size_t>(size_bytes_) / sizeof(T)};
  }
  /// Collective: makes what was written before it visible to all ranks of the node.
  void fence() const;

 private:
  const Communicator* node_;
  std::int64_t size_bytes_;
  MPI_Win window_ = MPI_WIN_NULL;
  void* data_ = nullptr;
};

}  // namespace thalweg
