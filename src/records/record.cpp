#include "records/record.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/error.hpp"
#include "records/atomic_file.hpp"
#include "records/dimension_scale.hpp"
#include "records/file_seal.hpp"
#include "records/hdf5_attribute.hpp"
#include "records/hdf5_dataset.hpp"
#include "records/record_file.hpp"

namespace thalweg {

namespace {

void write_groups(hid_t file, const Record& record, const std::string& path) {
  const hdf5::Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose, path, "H5Pcreate");
  hdf5::check(H5Pset_create_intermediate_group(links.id(), 1), path,
              "H5Pset_create_intermediate_group");
  for (const auto& [name, attributes] : record.group_attributes) {
    const std::string where = fmt::format("{}: {}", path, name);
    const bool there = H5Lexists(file, name.c_str(), H5P_DEFAULT) > 0;
    const hdf5::Handle group(
        there ? H5Gopen2(file, name.c_str(), H5P_DEFAULT)
              : H5Gcreate2(file, name.c_str(), links.id(), H5P_DEFAULT, H5P_DEFAULT),
        H5Gclose, where, "making a group");
    for (const auto& [key, value] : attributes) {
      hdf5::write_attribute(group.id(), key, value, where);
    }
  }
  for (const auto& [name, target] : record.external_links) {
    hdf5::check(
        H5Lcreate_external(target.c_str(), "/", file, name.c_str(), links.id(), H5P_DEFAULT),
        fmt::format("{}: {}", path, name), "making an external link");
  }
}

/// The bytes of the HDF5 file. It is put together in memory: when the disk fills up under HDF5
/// itself, version 1.10 crashes while it closes the file.
std::string file_image(const std::string& path, const Record& record) {
  const hdf5::QuietErrors quiet;
  const hdf5::Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, path, "H5Pcreate");
  constexpr std::size_t grow_by = std::size_t{16} << 20;
  hdf5::check(H5Pset_fapl_core(access.id(), grow_by, false), path, "H5Pset_fapl_core");
  hdf5::Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()), H5Fclose,
                    path, "creating the file");
  {
    const hdf5::Handle root(H5Gopen2(file.id(), "/", H5P_DEFAULT), H5Gclose, path, "H5Gopen2");
    for (const auto& [key, value] : record.attributes) {
      hdf5::write_attribute(root.id(), key, value, path + ": root");
    }
  }
  for (const auto& [name, array] : record.arrays) {
    hdf5::write_dataset(file.id(), name, array, fmt::format("{}: {}", path, name));
  }
  write_groups(file.id(), record, path);
  hdf5::write_dimension_scales(file.id(), record, path);
  hdf5::check(H5Fflush(file.id(), H5F_SCOPE_GLOBAL), path, "H5Fflush");
  const ssize_t size = H5Fget_file_image(file.id(), nullptr, 0);
  if (size <= 0) throw Error(path + ": the file's image has no size");
  std::string image(static_cast<std::size_t>(size), '\0');
  if (H5Fget_file_image(file.id(), image.data(), image.size()) != size) {
    throw Error(path + ": the file's image could not be taken");
  }
  file.close(path, "closing the file");
  return image;
}

}  // namespace

void write_record(const std::string& path, const Record& record) {
  write_bytes_atomically(path, sealed(file_image(path, record)));
}

Record read_record(const std::string& path) {
  return read_record(RecordFile(path));
}

Record read_record(const RecordFile& file) {
  Record record;
  record.attributes = file.attributes();
  for (const auto& [name, attributes] : file.groups()) {
    if (!attributes.empty()) record.group_attributes[name] = attributes;
  }
  for (const auto& [name, outline] : file.arrays()) record.arrays[name] = file.read(name);
  record.external_links = file.external_links();
  return record;
}

}  // namespace thalweg
