#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/hidden_units.hpp"

namespace thalweg {

/// What weight matching found.
struct WeightMatching {
  double before = 0.0;      ///< ‖a − b‖ of the parameters
  double after = 0.0;       ///< ‖a − b'‖
  std::int64_t sweeps = 0;  ///< over all hidden layers, the last of which changed nothing
};

/// Exchanges hidden units of b so that its parameters come near to a's: layer by layer the best
/// assignment with the others held, in orders drawn from (seed, permutation), until a whole sweep
/// gains nothing (Ainsworth et al. 2023, 2209.04836, algorithm 1: a local optimum of a hard
/// problem). The function that b computes stays. Local.
template <class Real>
WeightMatching match_weights(std::span<const Real> a, std::span<Real> b,
                             const std::vector<HiddenUnits>& layers, std::uint64_t seed);

/// Exchanges the hidden units of every layer at random. Local.
template <class Real>
void shuffle_units(std::span<Real> w, const std::vector<HiddenUnits>& layers, std::uint64_t seed);

}  // namespace thalweg
