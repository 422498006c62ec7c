#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "data/array_halves.hpp"
#include "data/sample_files.hpp"
#include "records/hdf5_dataset.hpp"
#include "records/hdf5_handle.hpp"
#include "records/hdf5_readable.hpp"

namespace thalweg {

namespace {

using hdf5::check;
using hdf5::Handle;

/// A dataset of numbers, opened: what the file says of it.
struct NumberDataset {
  std::string name;  ///< file and path
  Handle dataset;
  H5T_class_t type_class = H5T_NO_CLASS;
  bool unsigned_byte = false;
  std::vector<std::int64_t> shape;
};

NumberDataset open(hid_t file, const std::string& file_name, const std::string& path) {
  NumberDataset found;
  found.name = file_name + path;
  const std::string group = path.substr(0, path.rfind('/'));
  if (H5Lexists(file, group.c_str(), H5P_DEFAULT) <= 0 ||
      H5Lexists(file, path.c_str(), H5P_DEFAULT) <= 0) {
    throw ConfigurationError(
        fmt::format("{}: there is no dataset {}; expected /train/x, /train/y, /test/x and /test/y",
                    file_name, path));
  }
  found.dataset =
      Handle(H5Dopen2(file, path.c_str(), H5P_DEFAULT), H5Dclose, found.name, "H5Dopen");
  const Handle type(H5Dget_type(found.dataset.id()), H5Tclose, found.name, "H5Dget_type");
  found.type_class = H5Tget_class(type.id());
  found.unsigned_byte = found.type_class == H5T_INTEGER && H5Tget_size(type.id()) == 1 &&
                        H5Tget_sign(type.id()) == H5T_SGN_NONE;
  const Handle space(H5Dget_space(found.dataset.id()), H5Sclose, found.name, "H5Dget_space");
  const int rank = check(H5Sget_simple_extent_ndims(space.id()), found.name, "H5Sget_extent");
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  if (rank > 0) {
    check(H5Sget_simple_extent_dims(space.id(), extents.data(), nullptr), found.name,
          "H5Sget_extent");
  }
  for (const auto extent : extents) found.shape.push_back(static_cast<std::int64_t>(extent));
  return found;
}

/// All values in memory order; HDF5 converts them to `memory_type`. Rows are read in pieces below
/// 1 GiB.
template <class Value>
std::vector<Value> read_all(const NumberDataset& from, hid_t memory_type) {
  const std::int64_t elements = hdf5::elements_of(from.shape);
  const std::int64_t row = elements / from.shape[0];
  std::vector<Value> values(static_cast<std::size_t>(elements));
  const std::int64_t piece = std::max<std::int64_t>(
      1, (hdf5::kTransferBytes - 1) / (row * static_cast<std::int64_t>(sizeof(double))));
  for (std::int64_t begin = 0; begin < from.shape[0]; begin += piece) {
    const std::int64_t rows = std::min(piece, from.shape[0] - begin);
    std::vector<hsize_t> start(from.shape.size(), 0);
    std::vector<hsize_t> count(from.shape.begin(), from.shape.end());
    start[0] = static_cast<hsize_t>(begin);
    count[0] = static_cast<hsize_t>(rows);
    const Handle in_file(H5Dget_space(from.dataset.id()), H5Sclose, from.name, "H5Dget_space");
    check(H5Sselect_hyperslab(in_file.id(), H5S_SELECT_SET, start.data(), nullptr, count.data(),
                              nullptr),
          from.name, "H5Sselect_hyperslab");
    const auto length = static_cast<hsize_t>(rows * row);
    const Handle in_memory(H5Screate_simple(1, &length, nullptr), H5Sclose, from.name,
                           "H5Screate_simple");
    check(H5Dread(from.dataset.id(), memory_type, in_memory.id(), in_file.id(), H5P_DEFAULT,
                  values.data() + begin * row),
          from.name, "H5Dread");
  }
  return values;
}

ArrayHalf read_hdf5_half(hid_t file, const std::string& file_name, const std::string& half) {
  ArrayHalf result;
  const NumberDataset x = open(file, file_name, "/" + half + "/x");
  result.x_name = x.name;
  result.x_shape = x.shape;
  if (x.type_class != H5T_INTEGER && x.type_class != H5T_FLOAT) {
    throw ConfigurationError(x.name + ": holds neither integers nor floating-point numbers");
  }
  sample_shape(x.name, x.shape);
  hdf5::check_readable(x.dataset, x.name);
  if (x.unsigned_byte) {
    result.bytes = read_all<std::uint8_t>(x, H5T_NATIVE_UINT8);
  } else {
    result.numbers = read_all<double>(x, H5T_NATIVE_DOUBLE);
  }
  const NumberDataset y = open(file, file_name, "/" + half + "/y");
  result.y_name = y.name;
  if (y.type_class != H5T_INTEGER) {
    throw ConfigurationError(y.name + ": holds no integers, expected classes from 0");
  }
  check_label_shape(result, y.shape);
  hdf5::check_readable(y.dataset, y.name);
  result.labels = read_all<std::int64_t>(y, H5T_NATIVE_INT64);
  return result;
}

}  // namespace

SampleHalves read_hdf5(const DataOptions& options) {
  if (!std::filesystem::is_regular_file(options.path)) {
    throw ConfigurationError(fmt::format("{}: [data] path: there is no such file", options.path));
  }
  const hdf5::QuietErrors quiet;
  try {
    const Handle file(H5Fopen(options.path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose,
                      options.path, "opening it as HDF5");
    ArrayHalf train = read_hdf5_half(file.id(), options.path, "train");
    return array_halves(std::move(train), read_hdf5_half(file.id(), options.path, "test"),
                        options.layout);
  } catch (const ConfigurationError&) {
    throw;
  } catch (const Error& error) {
    throw ConfigurationError(error.what());  // what HDF5 refuses is a fault of the input here
  }
}

}  // namespace thalweg
