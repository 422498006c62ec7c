#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "kernels/gram.hpp"

namespace thalweg {

/// Collective over comm. Runs `compute` on this rank's pieces of work 0, …, pieces − 1, one after
/// the other, while all ranks tell each other how far they are; flushes the store as it goes and at
/// the end. False when some rank wished to stop first. What `compute` throws on one rank ends all,
/// as in collectively().
bool work_through(const Communicator& comm, std::int64_t pieces, GramStore* store,
                  const WorkControl& control, const std::string& label,
                  const std::function<void(std::int64_t piece)>& compute);

}  // namespace thalweg
