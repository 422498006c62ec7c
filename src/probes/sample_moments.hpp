#pragma once

#include <cmath>
#include <span>

namespace thalweg {

/// Mean of independent draws, and its standard error s/√k (s² with k − 1).
struct SampleMean {
  double value = 0.0;
  double error = 0.0;
};

/// Of at least two draws. Local.
inline SampleMean mean_of(std::span<const double> draws) {
  const auto k = static_cast<double>(draws.size());
  SampleMean mean;
  for (const double draw : draws) mean.value += draw / k;
  double squares = 0.0;
  for (const double draw : draws) squares += (draw - mean.value) * (draw - mean.value);
  mean.error = std::sqrt(squares / ((k - 1.0) * k));
  return mean;
}

}  // namespace thalweg
