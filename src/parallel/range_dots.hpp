#pragma once

#include <span>
#include <vector>

#include "parallel/vector_space.hpp"

namespace thalweg {

/// Σ a_i b_i over each of several ranges of a vector's elements, in float64: norms layer by layer.
/// `ranges` are ascending, do not overlap, need not cover everything, may begin and end anywhere,
/// and are the same on every rank. Each range is cut at the space's vector blocks, of which a rank
/// owns whole ones, and its pieces are added along the canonical tree: same bits on any number of
/// ranks. One exchange for all ranges. Throws Error for ranges out of order or out of the vector.
/// Collective.
template <class Real>
[[nodiscard]] std::vector<double> range_dots(const VectorSpace& space,
                                             std::span<const Range> ranges,
                                             std::span<const Real> a_slice,
                                             std::span<const Real> b_slice);

/// The Euclidean norm of each range. Collective.
template <class Real>
[[nodiscard]] std::vector<double> range_norms(const VectorSpace& space,
                                              std::span<const Range> ranges,
                                              std::span<const Real> slice);

}  // namespace thalweg
