#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/byte_reader.hpp"

namespace thalweg {

struct NpyHeader {
  std::string type;  ///< such as "<f4"
  std::vector<std::int64_t> shape;
};

/// NumPy's format (numpy/lib/format.py): magic, version, length of the header, header, values.
/// Throws ConfigurationError. Local.
NpyHeader read_npy_header(ByteReader& file);

/// The values of an array whose header was read, of one of the integer types (and, for Value =
/// double, floating types) that NumPy writes on this machine, and the last of the file. Throws
/// ConfigurationError where it is of another type than `expected` says. Local.
template <class Value>
std::vector<Value> read_npy_values(ByteReader& file, const NpyHeader& header,
                                   const std::string& expected);

/// What stands before the values of an array in C order, in format 1.0. Local.
std::string npy_header(const NpyHeader& header);

}  // namespace thalweg
