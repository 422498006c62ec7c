#include "records/dimension_scale.hpp"

#include <fmt/format.h>
#include <hdf5_hl.h>

#include <array>
#include <map>

#include "base/error.hpp"
#include "records/hdf5_attribute.hpp"

namespace thalweg::hdf5 {

namespace {

/// netCDF-4's mark of a dimension that is no variable; readers look for this text.
constexpr const char* kBareDimension = "This is a netCDF dimension but not a netCDF variable.";

std::string scale_group(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}
std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

Handle open_dataset(hid_t file, const std::string& path, const std::string& where) {
  return {H5Dopen2(file, path.c_str(), H5P_DEFAULT), H5Dclose, where, "opening a dataset"};
}

/// Length of every dimension by the path its scale has or will have.
std::map<std::string, std::int64_t> lengths_of(const Record& record, const std::string& file_name) {
  std::map<std::string, std::int64_t> lengths;
  for (const auto& [path, array] : record.arrays) {
    for (std::size_t axis = 0; axis < array.shape.size(); ++axis) {
      if (array.dimensions[axis].find('/') != std::string::npos) {
        throw Error(fmt::format("{}: {}: the axis \"{}\" has a / in its name", file_name, path,
                                array.dimensions[axis]));
      }
      const std::string scale = scale_group(path) + "/" + array.dimensions[axis];
      const auto [known, fresh] = lengths.emplace(scale, array.shape[axis]);
      if (!fresh && known->second != array.shape[axis]) {
        throw Error(fmt::format("{}: {}: axis {} has {} entries, elsewhere in its group {}",
                                file_name, path, array.dimensions[axis], array.shape[axis],
                                known->second));
      }
    }
  }
  return lengths;
}

void write_scale(hid_t file, const Record& record, const std::string& scale, std::int64_t length,
                 const std::string& where) {
  const std::string name = name_of(scale);
  const auto coordinates = record.arrays.find(scale);
  if (coordinates != record.arrays.end()) {
    if (coordinates->second.dimensions != std::vector<std::string>{name}) {
      throw Error(where + ": names an axis, so it must be a column over that axis itself");
    }
    const Handle dataset = open_dataset(file, scale, where);
    check(H5DSset_scale(dataset.id(), name.c_str()), where, "H5DSset_scale");
    return;
  }
  const auto n = static_cast<hsize_t>(length);
  const Handle space(H5Screate_simple(1, &n, nullptr), H5Sclose, where, "H5Screate_simple");
  const Handle dataset(H5Dcreate2(file, scale.c_str(), H5T_IEEE_F32BE, space.id(), H5P_DEFAULT,
                                  H5P_DEFAULT, H5P_DEFAULT),
                       H5Dclose, where, "creating a dimension");
  check(H5DSset_scale(dataset.id(), fmt::format("{}{:10}", kBareDimension, length).c_str()), where,
        "H5DSset_scale");
}

}  // namespace

void write_dimension_scales(hid_t file, const Record& record, const std::string& file_name) {
  for (const auto& [scale, length] : lengths_of(record, file_name)) {
    write_scale(file, record, scale, length, fmt::format("{}: {}", file_name, scale));
  }
  for (const auto& [path, array] : record.arrays) {
    const std::string where = fmt::format("{}: {}", file_name, path);
    // A scale labels itself.
    if (array.dimensions == std::vector<std::string>{name_of(path)}) continue;
    for (std::size_t axis = 0; axis < array.dimensions.size(); ++axis) {
      const Handle dataset = open_dataset(file, path, where);
      const Handle scale =
          open_dataset(file, scale_group(path) + "/" + array.dimensions[axis], where);
      check(H5DSattach_scale(dataset.id(), scale.id(), static_cast<unsigned>(axis)), where,
            "H5DSattach_scale");
    }
  }
}

std::vector<std::string> dimension_names(hid_t dataset, std::size_t axes,
                                         const std::string& where) {
  const auto own_name = [&](hid_t object) {
    const ssize_t size = check(H5Iget_name(object, nullptr, 0), where, "H5Iget_name");
    std::string name(static_cast<std::size_t>(size) + 1, '\0');
    check(H5Iget_name(object, name.data(), name.size()), where, "H5Iget_name");
    name.pop_back();
    return name_of(name);
  };
  std::vector<std::string> names(axes);
  if (check(H5DSis_scale(dataset), where, "H5DSis_scale") > 0) {
    if (axes == 1) names[0] = own_name(dataset);
    return names;
  }
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const auto index = static_cast<unsigned>(axis);
    if (check(H5DSget_num_scales(dataset, index), where, "H5DSget_num_scales") == 0) continue;
    std::string name;
    int first = 0;
    check(H5DSiterate_scales(
              dataset, index, &first,
              [](hid_t /*set*/, unsigned /*axis*/, hid_t scale, void* text) -> herr_t {
                std::array<char, 1024> buffer{};
                if (H5Iget_name(scale, buffer.data(), buffer.size()) < 0) return -1;
                *static_cast<std::string*>(text) = name_of(buffer.data());
                return 1;
              },
              &name),
          where, "H5DSiterate_scales");
    names[axis] = name;
  }
  return names;
}

bool is_bare_dimension(hid_t dataset, const std::string& where) {
  return text_attribute(dataset, "CLASS", "", where) == "DIMENSION_SCALE" &&
         text_attribute(dataset, "NAME", "", where).starts_with(kBareDimension);
}

}  // namespace thalweg::hdf5
