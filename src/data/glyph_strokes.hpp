#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/philox.hpp"

namespace thalweg {

/// A point of the writing plane: x to the right, y down. A digit fills about [0,1] × [0,1].
struct Point {
  double x = 0.0;
  double y = 0.0;
};

/// A line drawn without lifting the pen: through its points in straight pieces, or as a smooth
/// curve.
struct Stroke {
  bool smooth = false;
  std::vector<Point> points;
};

/// The strokes of a digit 0..9 in one of its ways of writing, chosen by the stream.
std::span<const Stroke> digit_strokes(std::int32_t digit, Stream& stream);

/// The corners of a stroke: its own points, or points along the Catmull-Rom spline through them.
std::vector<Point> flatten(const Stroke& stroke);

}  // namespace thalweg
