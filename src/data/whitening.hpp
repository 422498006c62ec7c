#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "parallel/communicator.hpp"

namespace thalweg {

/// Fills `rows` (kSampleChunk × features, zeros behind a short last chunk) with a chunk's centred
/// samples. Called on the rank that holds the chunk.
using FillChunk = std::function<void(std::int64_t chunk, std::span<double> rows)>;

/// The population covariance of `samples` samples, whose chunks lie on the ranks of `holders` as
/// sample_chunks deals them out; row-major lower half, complete on the root alone. Every rank adds
/// up bands of the matrix over all samples in ascending order, by products of fixed shape: the bits
/// do not depend on the number of ranks. 2 samples · features² flops in all; the samples pass once
/// over the network. Collective over holders.
std::vector<double> covariance(const Communicator& holders, std::int64_t samples,
                               std::int64_t features, const FillChunk& fill);

/// W = (C + ε λ̄ I)^(−1/2) for a covariance C that the root has, λ̄ its mean eigenvalue; symmetric to
/// the last bit, the same bits on every rank. Empty where C has a trace of at most `negligible`:
/// there is nothing to whiten. Collective over holders.
std::vector<double> zca_matrix(const Communicator& holders, std::vector<double> covariance,
                               std::int64_t features, double epsilon, double negligible);

}  // namespace thalweg
