#pragma once

#include <cstdint>

#include "probes/probe.hpp"
#include "probes/random_subspace.hpp"

namespace thalweg {

struct SharpnessOptions {
  double epsilon = 1e-3;
  /// 0: the full space (A = I). p > 0: a random p-dimensional subspace.
  std::int64_t subspace = 0;
  SubspaceColumns columns = SubspaceColumns::orthonormal;
  std::int64_t starts = 12;      ///< climbs
  std::int64_t iterations = 10;  ///< of L-BFGS-B in the published procedure
  std::uint64_t seed = 0;
};

/// The sharpness of Keskar et al. (1609.04836, Metric 2.1):
/// φ = 100 (max_{z ∈ C} f(x + Az) − f(x)) / (1 + f(x)), C = {|z_i| ≤ ε(|(A⁺x)_i| + 1)}.
/// Without a value where f(x) < 0.
///
/// Around a minimum f is nearly convex, and the maximum of a convex function over a box is at a
/// vertex: each climb goes from vertex to vertex by sign steps, or along shorter arcs where f bends
/// down (`maximise_in_box`). Climbs start at the origin, at random corners of the box and at random
/// points in it, in turn. φ is a lower bound by construction: its maximiser was evaluated. To find
/// the highest vertex is as hard as maximum cut, so no finite search proves that there is no
/// higher one; `converged` says that the best climb ended where the linear model promises
/// no more, and that the second half of the climbs brought less than 1 %.
///
/// `published_sharpness` is what the paper's procedure reaches, 10 iterations of L-BFGS-B, from the
/// origin and from a random corner: a method for functions that bend up, which near flat minima
/// leaves most of the rise unfound.
class Sharpness final : public Probe {
 public:
  explicit Sharpness(SharpnessOptions options) : options_(options) {}
  void check(const std::vector<ParameterBlock>& blocks, std::int64_t samples) const override;
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  SharpnessOptions options_;
};

}  // namespace thalweg
