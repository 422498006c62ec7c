#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/available_memory.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

/// Collective over comm. Refuses, before anything is allocated, what does not fit into some node's
/// memory: throws ReportedError (usage) on every rank after one message with the bytes needed and
/// available on that node and the largest n that would fit. `need(n)` is what one rank allocates
/// for a problem of size n, not decreasing in n. `available` is a node's memory; each node's first
/// rank says.
void require_memory(const Communicator& comm, const std::string& what, std::int64_t n,
                    const std::function<std::int64_t(std::int64_t)>& need,
                    std::int64_t available = available_memory_bytes());

}  // namespace thalweg
