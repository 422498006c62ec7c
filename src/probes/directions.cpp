#include "probes/directions.hpp"

#include <algorithm>
#include <cmath>

#include "base/philox.hpp"

namespace thalweg {

std::vector<double> random_direction(std::int64_t dimension, std::uint64_t seed,
                                     std::int64_t index) {
  Stream stream(seed, Purpose::direction, static_cast<std::uint64_t>(index));
  std::vector<double> d(static_cast<std::size_t>(dimension));
  for (auto& element : d) element = stream.normal();
  return d;
}

template <class Real>
void normalise_direction(std::span<double> d, std::span<const Real> w,
                         const std::vector<ParameterBlock>& blocks, DirectionNorm norm) {
  if (norm == DirectionNorm::none) return;
  for (const auto& block : blocks) {
    const bool by_row = norm == DirectionNorm::filter && block.shape.size() > 1;
    const std::int64_t rows = by_row ? block.shape.front() : 1;
    const auto length = static_cast<std::size_t>(block.count() / std::max<std::int64_t>(rows, 1));
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto begin =
          static_cast<std::size_t>(block.offset) + static_cast<std::size_t>(row) * length;
      double squares_d = 0.0;
      double squares_w = 0.0;
      for (std::size_t i = begin; i < begin + length; ++i) {
        squares_d += d[i] * d[i];
        squares_w += static_cast<double>(w[i]) * static_cast<double>(w[i]);
      }
      if (squares_d == 0.0) continue;
      const double scale = std::sqrt(squares_w / squares_d);
      for (std::size_t i = begin; i < begin + length; ++i) d[i] *= scale;
    }
  }
}

void leave_out_biases(std::span<double> d, const std::vector<ParameterBlock>& blocks) {
  for (const auto& block : blocks) {
    if (!block.normalisation) continue;
    const auto part =
        d.subspan(static_cast<std::size_t>(block.offset), static_cast<std::size_t>(block.count()));
    std::fill(part.begin(), part.end(), 0.0);
  }
}

template void normalise_direction(std::span<double>, std::span<const float>,
                                  const std::vector<ParameterBlock>&, DirectionNorm);
template void normalise_direction(std::span<double>, std::span<const double>,
                                  const std::vector<ParameterBlock>&, DirectionNorm);

}  // namespace thalweg
