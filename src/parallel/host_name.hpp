#pragma once

#include <string>

namespace thalweg {

/// The name of the host this rank runs on. Local; MPI must have begun.
std::string host_name();

}  // namespace thalweg
