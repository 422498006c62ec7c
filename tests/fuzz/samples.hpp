#pragma once

#include <cmath>

#include "data/sample_files.hpp"
#include "fuzz/input.hpp"

namespace thalweg::fuzzing {

/// What every reader of samples promises of what it has accepted.
inline void require_sound(const LabelledSamples& samples) {
  const auto values = static_cast<std::size_t>(samples.size() * samples.shape.features());
  require(samples.size() > 0 && samples.shape.features() > 0);
  require(samples.bytes.size() + samples.numbers.size() == values);
  require(samples.bytes.empty() || samples.numbers.empty());
  for (const auto label : samples.labels) require(label >= 0 && label < samples.classes);
  for (const double number : samples.numbers) require(std::isfinite(number));
}

inline void require_sound(const SampleHalves& halves) {
  require_sound(halves.train);
  require_sound(halves.test);
  require(halves.train.shape == halves.test.shape);
}

}  // namespace thalweg::fuzzing
