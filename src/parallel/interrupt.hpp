#pragma once

#include "parallel/communicator.hpp"

namespace thalweg {

/// Catches SIGUSR1, SIGTERM and SIGINT (Ctrl-C): long work asks at its own safe points whether to
/// checkpoint and stop. A second SIGINT ends the process at once.
class Interrupt {
 public:
  /// Installs the handlers. Local; one object a process, made in main.
  Interrupt();
  /// Local: has this process been signalled?
  [[nodiscard]] static bool requested() noexcept;
  /// Collective: has any rank of `comm` been signalled? Every rank gets the same answer.
  [[nodiscard]] static bool requested(const Communicator& comm);
};

}  // namespace thalweg
