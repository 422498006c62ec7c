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
  std::int64_t starts = 5;
  std::int64_t iterations = 10;  ///< of L-BFGS-B, from each start
  std::uint64_t seed = 0;
};

/// The sharpness of Keskar et al. (1609.04836, Metric 2.1):
/// φ = 100 (max_{z ∈ C} f(x + Az) − f(x)) / (1 + f(x)), C = {|z_i| ≤ ε(|(A⁺x)_i| + 1)}.
///
/// The maximum is climbed by L-BFGS-B from several starts: the origin, random corners of the box
/// and random points in it, in turn. At an exact minimum the gradient at the origin vanishes and a
/// climb from there alone would report 0; `certified` says that the value does not rest on such a
/// climb: either a higher point was found, or every start away from the origin was evaluated and
/// none was higher. φ is a lower bound by construction: its maximiser was evaluated.
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
