#pragma once

#include <cstdint>
#include <string>

#include "parallel/communicator.hpp"

namespace thalweg {

/// Pieces of work that ranks share out among themselves while they go: each is taken by one of
/// them. A ticket is an empty file made with O_EXCL in a folder that all of them see (the output
/// folder, where their records go anyway). A counter in an MPI window would do only on one node:
/// between nodes Open MPI's osc/pt2pt leaves MPI_Fetch_and_op waiting until the counter's owner
/// enters MPI again, which a rank deep in its own run does not.
class Tickets {
 public:
  /// Collective over `world`: forgets what an ended process had taken. Throws ReportedError.
  Tickets(const Communicator& world, std::string folder);

  /// Local. Takes `item` unless it was taken before; true for exactly one caller. Throws Error.
  [[nodiscard]] bool take(std::int64_t item) const;
  /// Collective: waits for all ranks and removes the folder, and the folder above it if it is
  /// empty then.
  void close() const;

 private:
  const Communicator* world_;
  std::string folder_;
};

}  // namespace thalweg
