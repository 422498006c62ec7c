#pragma once

#include <vector>

#include "kernels/kernel.hpp"

namespace thalweg {

/// The whole kernel between two sets of few samples, rows × columns, row-major, on every rank,
/// which computes it by itself; both triangles of a symmetric one. Collective over comm.
template <class Real>
std::vector<Real> kernel_matrix(const Communicator& comm, const Kernel<Real>& kernel,
                                const Samples<Real>& rows, const Samples<Real>& columns);

}  // namespace thalweg
