#include "objectives/network/sample_gradients.hpp"

#include <numeric>

#include "base/error.hpp"

namespace thalweg {

std::vector<std::int64_t> stated_samples(Subset subset, std::int64_t sample_count) {
  std::vector<std::int64_t> samples(subset.begin(), subset.end());
  if (samples.empty()) {
    samples.resize(static_cast<std::size_t>(sample_count));
    std::iota(samples.begin(), samples.end(), 0);
  }
  return samples;
}

template <class Real>
std::vector<double> squared_gradient_distances(Objective<Real>& objective, std::span<const Real> x,
                                               std::span<const Real> centre, Subset subset) {
  if (objective.sample_count() == 0) {
    throw ConfigurationError(
        "gradients of single samples: the objective is not a sum over samples");
  }
  if (auto* capable = dynamic_cast<SampleGradients<Real>*>(&objective)) {
    return capable->squared_gradient_distances(x, centre, subset);
  }
  const VectorSpace& space = objective.space();
  std::vector<Real> slice(static_cast<std::size_t>(space.slice().size()));
  std::vector<double> distances;
  for (const std::int64_t sample : stated_samples(subset, objective.sample_count())) {
    objective.gradient(x, Subset(&sample, 1), slice);
    if (!centre.empty()) {
      const auto mine = space.slice_of(centre);
      for (std::size_t i = 0; i < slice.size(); ++i) slice[i] -= mine[i];
    }
    distances.push_back(space.dot(std::span<const Real>(slice), std::span<const Real>(slice)));
  }
  return distances;
}

template std::vector<double> squared_gradient_distances(Objective<float>&, std::span<const float>,
                                                        std::span<const float>, Subset);
template std::vector<double> squared_gradient_distances(Objective<double>&, std::span<const double>,
                                                        std::span<const double>, Subset);

}  // namespace thalweg
