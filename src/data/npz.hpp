#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg {

/// An array with a name, such as a state dict of PyTorch has.
struct NamedArray {
  std::string name;
  std::string type;  ///< NumPy's, such as "<f4"
  std::vector<std::int64_t> shape;
  std::vector<double> values;  ///< in C order; none unless the type is "<f4" or "<f8"
};

/// "(16, 3, 5, 5)" as Python writes it.
std::string shape_text(const std::vector<std::int64_t>& shape);

/// The arrays of a file of numpy.savez or savez_compressed, in its order; those of other types than
/// float32 and float64 without their values. Local. Throws ConfigurationError naming the file, and
/// the array where one is broken.
std::vector<NamedArray> read_npz(const std::string& path);

/// Such a file, written whole or not at all. Local. Throws Error for types other than "<f4" and
/// "<f8", and where writing fails.
void write_npz(const std::string& path, const std::vector<NamedArray>& arrays);

}  // namespace thalweg
