#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "records/hdf5_handle.hpp"
#include "records/record.hpp"

namespace thalweg::hdf5 {

/// One call transfers less than 1 GiB: larger ones fail in places under MPI builds of HDF5.
inline constexpr std::int64_t kTransferBytes = std::int64_t{1} << 30;

/// Creates and writes a dataset with its units and long_name; groups on the way are made. The
/// transfer is cut into pieces of less than `transfer_bytes`. Throws Error for a shape that does
/// not fit the values. Local.
Handle write_dataset(hid_t file, const std::string& path, const Array& array,
                     const std::string& where, std::int64_t transfer_bytes = kTransferBytes);

/// What a dataset is, without its values.
struct DatasetOutline {
  ArrayValues empty;  ///< holds the alternative that its values have
  std::vector<std::int64_t> shape;
};

/// Local. Throws Error for a type that records do not have.
DatasetOutline outline(hid_t dataset, const std::string& where);
/// The values of rows [begin, end) of the first axis (all of a scalar: 0, 1), in memory order.
/// Local.
ArrayValues read_rows(hid_t dataset, const DatasetOutline& what, std::int64_t begin,
                      std::int64_t end, const std::string& where,
                      std::int64_t transfer_bytes = kTransferBytes);

/// Number of rows of the first axis; 1 for a scalar.
std::int64_t rows_of(const std::vector<std::int64_t>& shape);
/// Product of the axes; 1 for a scalar.
std::int64_t elements_of(const std::vector<std::int64_t>& shape);

/// "3 × 4", or "scalar".
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace thalweg::hdf5
