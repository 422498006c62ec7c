#pragma once

#include <mpi.h>

#include <array>
#include <cstdint>
#include <optional>

#include "parallel/communicator.hpp"

namespace thalweg {

/// Ranks that work through lists of their own at their own pace, tell each other how far they are
/// and stop together, without ever waiting: sums travel while they work (MPI_Iallreduce). Every
/// rank polls between two pieces of work, until a round says that all have finished or that one
/// wants to stop; all ranks see the same rounds.
class Agreement {
 public:
  struct Round {
    bool stop = false;          ///< some rank wants to stop
    bool all_finished = false;  ///< every rank has nothing left to do
    std::int64_t done = 0;      ///< pieces of work done by all
  };

  /// Local. `comm` must outlive this and carry no other non-blocking collective meanwhile.
  explicit Agreement(const Communicator& comm) : comm_(&comm) {}
  Agreement(const Agreement&) = delete;
  Agreement& operator=(const Agreement&) = delete;
  ~Agreement() = default;

  /// Local, returns at once. This rank's state, and the sum of all ranks' if a round has just
  /// ended. After a round that stops or ends the work no rank may poll again.
  std::optional<Round> poll(bool stop, bool finished, std::int64_t done);

 private:
  const Communicator* comm_;
  MPI_Request request_ = MPI_REQUEST_NULL;
  std::array<std::int64_t, 3> mine_{};
  std::array<std::int64_t, 3> sums_{};
};

}  // namespace thalweg
