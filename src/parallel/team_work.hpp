#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "parallel/communicator.hpp"

namespace thalweg {

/// Work of a team that may fail without ending the other teams.
class TeamWork {
 public:
  /// Collective over `team`.
  explicit TeamWork(const Communicator& team);

  /// Collective over the team. Runs `work`, which communicates within the team. True where it came
  /// to its end. False on every rank, with the cause printed once, where all ranks threw. A rank
  /// that threw alone cannot call the others back from the collective call in which they wait for
  /// it: after `patience_s` it throws Error, which ends the whole job.
  [[nodiscard]] bool attempt(const std::string& name, const std::function<void()>& work,
                             double patience_s = 30.0) const;

 private:
  void agree_on_failure(const std::string& name, const std::string& message,
                        double patience_s) const;
  /// Of its own: the team's may have ranks waiting in it.
  Communicator failures_;
};

}  // namespace thalweg
