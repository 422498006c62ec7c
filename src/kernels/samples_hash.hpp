#pragma once

#include <cstdint>

#include "kernels/kernel.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

/// Collective over comm. Hash of the samples' bits and shape, computed once and the same on every
/// rank: what a stored kernel matrix is of. Labels do not enter, so that studies of other labels
/// share it.
template <class Real>
std::uint64_t samples_hash(const Communicator& comm, const Samples<Real>& rows,
                           const Samples<Real>& columns);

}  // namespace thalweg
