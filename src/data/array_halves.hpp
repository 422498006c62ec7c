#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/sample_files.hpp"

namespace thalweg {

/// One half as arrays of a file: x as samples × features, samples × height × width or samples ×
/// channels × height × width, and y as samples. The names are for messages: file and dataset.
struct ArrayHalf {
  std::string x_name;
  std::string y_name;
  std::vector<std::int64_t> x_shape;
  std::vector<std::uint8_t> bytes;  ///< x of unsigned bytes
  std::vector<double> numbers;      ///< x of any other type
  std::vector<std::int64_t> labels;
};

/// Shape of a sample of an array x. Throws ConfigurationError for another number of axes, an axis
/// of 0, or an array larger than memory. Local.
ImageShape sample_shape(const std::string& name, const std::vector<std::int64_t>& shape);

/// Throws ConfigurationError unless y has one axis, as long as x's first. Local.
void check_label_shape(const ArrayHalf& half, const std::vector<std::int64_t>& y_shape);

/// Checks and joins the halves: finite numbers, the same shape and type, labels 0..classes−1, where
/// classes is the largest label of both halves plus 1. With `layout` channels_last an x of four
/// axes is samples × height × width × channels and is brought into this program's order; with an
/// empty one, a channel axis that looks like the last is told among the notices. Local. Throws
/// ConfigurationError.
SampleHalves array_halves(ArrayHalf train, ArrayHalf test, const std::string& layout);

}  // namespace thalweg
