#include "records/hdf5_dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/error.hpp"
#include "records/hdf5_attribute.hpp"

namespace thalweg::hdf5 {

namespace {

struct TypeIds {
  hid_t file;
  hid_t memory;
};

TypeIds ids_of(const ArrayValues& values, const Handle& text) {
  switch (values.index()) {
    case 0:
      return {H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE};
    case 1:
      return {H5T_IEEE_F32LE, H5T_NATIVE_FLOAT};
    case 2:
      return {H5T_STD_I64LE, H5T_NATIVE_INT64};
    case 3:
      return {H5T_STD_U8LE, H5T_NATIVE_UINT8};
    default:
      return {text.id(), text.id()};
  }
}

std::int64_t element_bytes(const ArrayValues& values) {
  return std::visit(
      [](const auto& v) -> std::int64_t {
        using T = typename std::decay_t<decltype(v)>::value_type;
        if constexpr (std::is_same_v<T, std::string>) return sizeof(char*);
        return sizeof(T);
      },
      values);
}

/// A block of a dataset that is contiguous in memory.
struct Block {
  std::vector<hsize_t> start;
  std::vector<hsize_t> count;
};

/// Halves a block along its first axis that can be halved until its pieces are small enough; they
/// come in memory order.
void for_each_piece(const Block& block, hsize_t limit,
                    const std::function<void(const Block&)>& act) {
  hsize_t elements = 1;
  for (const hsize_t n : block.count) elements *= n;
  if (elements == 0) return;
  const auto axis =
      std::find_if(block.count.begin(), block.count.end(), [](hsize_t n) { return n > 1; });
  if (elements <= limit || axis == block.count.end()) {
    act(block);
    return;
  }
  const auto k = axis - block.count.begin();
  Block left = block;
  Block right = block;
  left.count[k] = block.count[k] / 2;
  right.start[k] += left.count[k];
  right.count[k] -= left.count[k];
  for_each_piece(left, limit, act);
  for_each_piece(right, limit, act);
}

/// Calls transfer(memory space, file space, offset of the piece in elements) for every piece of
/// `block`.
void transfer_pieces(
    hid_t dataset, const Block& block, std::int64_t element_size, std::int64_t transfer_bytes,
    const std::string& where,
    const std::function<void(const Handle&, const Handle&, std::size_t, std::size_t)>& transfer) {
  const auto limit =
      static_cast<hsize_t>(std::max<std::int64_t>(1, (transfer_bytes - 1) / element_size));
  std::size_t offset = 0;
  for_each_piece(block, limit, [&](const Block& piece) {
    const Handle in_file(H5Dget_space(dataset), H5Sclose, where, "H5Dget_space");
    hsize_t n = 1;
    for (const hsize_t extent : piece.count) n *= extent;
    if (!piece.count.empty()) {
      check(H5Sselect_hyperslab(in_file.id(), H5S_SELECT_SET, piece.start.data(), nullptr,
                                piece.count.data(), nullptr),
            where, "H5Sselect_hyperslab");
    }
    const Handle in_memory(H5Screate_simple(1, &n, nullptr), H5Sclose, where, "H5Screate_simple");
    transfer(in_memory, in_file, offset, static_cast<std::size_t>(n));
    offset += static_cast<std::size_t>(n);
  });
}

Block whole(const std::vector<std::int64_t>& shape) {
  return {std::vector<hsize_t>(shape.size(), 0), std::vector<hsize_t>(shape.begin(), shape.end())};
}

}  // namespace

std::int64_t rows_of(const std::vector<std::int64_t>& shape) {
  return shape.empty() ? 1 : shape.front();
}

std::int64_t elements_of(const std::vector<std::int64_t>& shape) {
  std::int64_t n = 1;
  for (const auto extent : shape) n *= extent;
  return n;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (const auto n : shape) text += fmt::format("{}{}", text.empty() ? "" : " × ", n);
  return text;
}

Handle write_dataset(hid_t file, const std::string& path, const Array& array,
                     const std::string& where, std::int64_t transfer_bytes) {
  const auto size =
      std::visit([](const auto& v) { return static_cast<std::int64_t>(v.size()); }, array.values);
  const bool negative =
      std::any_of(array.shape.begin(), array.shape.end(), [](std::int64_t n) { return n < 0; });
  if (negative || elements_of(array.shape) != size) {
    throw Error(fmt::format("{}: {} values do not fill the shape {}", where, size,
                            shape_text(array.shape)));
  }
  if (array.dimensions.size() != array.shape.size()) {
    throw Error(fmt::format("{}: {} axes but {} dimension names", where, array.shape.size(),
                            array.dimensions.size()));
  }
  const Block block = whole(array.shape);
  const Handle space(array.shape.empty() ? H5Screate(H5S_SCALAR)
                                         : H5Screate_simple(static_cast<int>(array.shape.size()),
                                                            block.count.data(), nullptr),
                     H5Sclose, where, "H5Screate");
  const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose, where, "H5Pcreate");
  check(H5Pset_create_intermediate_group(links.id(), 1), where, "H5Pset_create_intermediate_group");
  const Handle text = string_type(where);
  const TypeIds ids = ids_of(array.values, text);
  Handle dataset(
      H5Dcreate2(file, path.c_str(), ids.file, space.id(), links.id(), H5P_DEFAULT, H5P_DEFAULT),
      H5Dclose, where, "creating a dataset");
  transfer_pieces(
      dataset.id(), block, element_bytes(array.values), transfer_bytes, where,
      [&](const Handle& memory, const Handle& in_file, std::size_t offset, std::size_t n) {
        std::visit(
            [&](const auto& values) {
              using T = typename std::decay_t<decltype(values)>::value_type;
              const void* data = values.data() + offset;
              std::vector<const char*> pointers;
              if constexpr (std::is_same_v<T, std::string>) {
                for (std::size_t i = 0; i < n; ++i) pointers.push_back(values[offset + i].c_str());
                data = pointers.data();
              }
              check(
                  H5Dwrite(dataset.id(), ids.memory, memory.id(), in_file.id(), H5P_DEFAULT, data),
                  where, "writing");
            },
            array.values);
      });
  write_attribute(dataset.id(), "units", array.units, where);
  write_attribute(dataset.id(), "long_name", array.long_name, where);
  return dataset;
}

DatasetOutline outline(hid_t dataset, const std::string& where) {
  DatasetOutline result;
  const Handle space(H5Dget_space(dataset), H5Sclose, where, "H5Dget_space");
  const int rank = check(H5Sget_simple_extent_ndims(space.id()), where, "reading the extent");
  std::vector<hsize_t> extent(static_cast<std::size_t>(rank));
  check(H5Sget_simple_extent_dims(space.id(), extent.data(), nullptr), where, "reading the extent");
  result.shape.assign(extent.begin(), extent.end());
  const Handle type(H5Dget_type(dataset), H5Tclose, where, "H5Dget_type");
  const std::size_t size = H5Tget_size(type.id());
  switch (H5Tget_class(type.id())) {
    case H5T_FLOAT:
      if (size <= sizeof(float)) {
        result.empty = std::vector<float>{};
      } else {
        result.empty = std::vector<double>{};
      }
      break;
    case H5T_INTEGER:
      if (size == 1 && H5Tget_sign(type.id()) == H5T_SGN_NONE) {
        result.empty = std::vector<std::uint8_t>{};
      } else {
        result.empty = std::vector<std::int64_t>{};
      }
      break;
    case H5T_STRING:
      if (H5Tis_variable_str(type.id()) <= 0) throw Error(where + ": text of fixed length");
      result.empty = std::vector<std::string>{};
      break;
    default:
      throw Error(where + ": of a type that records do not have");
  }
  return result;
}

ArrayValues read_rows(hid_t dataset, const DatasetOutline& what, std::int64_t begin,
                      std::int64_t end, const std::string& where, std::int64_t transfer_bytes) {
  ArrayValues values = what.empty;
  Block block = whole(what.shape);
  if (!what.shape.empty()) {
    block.start.front() = static_cast<hsize_t>(begin);
    block.count.front() = static_cast<hsize_t>(end - begin);
  }
  std::size_t elements = 1;
  for (const hsize_t n : block.count) elements *= static_cast<std::size_t>(n);
  std::visit([&](auto& v) { v.resize(elements); }, values);
  Handle text = string_type(where);
  if (std::holds_alternative<std::vector<std::string>>(values)) {
    text = Handle(H5Dget_type(dataset), H5Tclose, where, "H5Dget_type");
  }
  const TypeIds ids = ids_of(values, text);
  transfer_pieces(
      dataset, block, element_bytes(values), transfer_bytes, where,
      [&](const Handle& memory, const Handle& in_file, std::size_t offset, std::size_t n) {
        std::visit(
            [&](auto& v) {
              using T = typename std::decay_t<decltype(v)>::value_type;
              if constexpr (std::is_same_v<T, std::string>) {
                std::vector<char*> pointers(n, nullptr);
                check(H5Dread(dataset, ids.memory, memory.id(), in_file.id(), H5P_DEFAULT,
                              pointers.data()),
                      where, "reading");
                for (std::size_t i = 0; i < n; ++i) {
                  v[offset + i] = pointers[i] == nullptr ? "" : pointers[i];
                }
                check(H5Dvlen_reclaim(ids.memory, memory.id(), H5P_DEFAULT, pointers.data()), where,
                      "H5Dvlen_reclaim");
              } else {
                check(H5Dread(dataset, ids.memory, memory.id(), in_file.id(), H5P_DEFAULT,
                              v.data() + offset),
                      where, "reading");
              }
            },
            values);
      });
  return values;
}

}  // namespace thalweg::hdf5
