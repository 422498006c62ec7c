#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "parallel/random_slice.hpp"

namespace thalweg {

/// Points x + σ s∘ξ_k around a point x: ξ_k ~ N(0, I) the k-th random vector of a purpose, s_i = 1
/// or, scaled, |x_i|. The same ξ_k at every σ, which a function of σ then is continuous in.
class GaussianCloud {
 public:
  /// `x` is whole and outlives the cloud.
  GaussianCloud(const VectorSpace& space, std::span<const double> x, bool scaled,
                std::uint64_t seed, Purpose purpose)
      : space_(&space), x_(x), scaled_(scaled), seed_(seed), purpose_(purpose), point_(x.size()) {}

  /// The k-th point, whole on every rank, until the next call; a negative σ gives its mirror image.
  /// Collective.
  [[nodiscard]] std::span<const double> point(std::int64_t k, double sigma) {
    const auto xi =
        random_slice(*space_, seed_, purpose_, k, [](Stream& stream) { return stream.normal(); });
    const auto centre = space_->slice_of(x_);
    const auto mine = space_->slice_of(std::span(point_));
    for (std::size_t i = 0; i < mine.size(); ++i) {
      const double size = scaled_ ? std::abs(centre[i]) : 1.0;
      mine[i] = centre[i] + sigma * size * xi[i];
    }
    space_->gather_in_place(std::span(point_));
    return point_;
  }

 private:
  const VectorSpace* space_;
  std::span<const double> x_;
  bool scaled_;
  std::uint64_t seed_;
  Purpose purpose_;
  std::vector<double> point_;
};

}  // namespace thalweg
