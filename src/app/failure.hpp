#pragma once

#include <string>

#include "parallel/communicator.hpp"

namespace thalweg {

/// Called by a rank that failed on its own, with what it would say. Where all ranks come here
/// within a second, one of them says it, every different message once, and all may end in order: a
/// mistake that all ranks find alike is one message. False where others are elsewhere, perhaps
/// waiting for this one: then the job has to be aborted. `failures` carries nothing else.
[[nodiscard]] bool all_failed(const Communicator& failures, const std::string& message);

}  // namespace thalweg
