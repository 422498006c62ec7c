#include "records/record_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.hpp"
#include "records/dimension_scale.hpp"
#include "records/hdf5_attribute.hpp"

namespace thalweg {

namespace {

std::string text_or(const Attributes& attributes, const std::string& name,
                    const std::string& fallback) {
  const auto found = attributes.find(name);
  if (found == attributes.end()) return fallback;
  const auto* text = std::get_if<std::string>(&found->second);
  return text != nullptr ? *text : fallback;
}

struct Link {
  std::string name;
  H5L_type_t type;
};

}  // namespace

RecordFile::RecordFile(const std::string& path) : path_(path) {
  const hdf5::QuietErrors quiet;
  if (::access(path.c_str(), R_OK) != 0) {
    throw Error(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  }
  if (!std::filesystem::is_regular_file(path)) throw Error(path + ": not a file");
  seal_ = sound_seal(path);
  if (H5Fis_hdf5(path.c_str()) <= 0) throw Error(path + ": not an HDF5 file, or cut short");
  file_ = hdf5::Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, path,
                       "opening the file");
  const hdf5::Handle root(H5Gopen2(file_.id(), "/", H5P_DEFAULT), H5Gclose, path, "H5Gopen2");
  attributes_ = hdf5::read_attributes(root.id(), path + ": root");
  std::vector<Link> links;
  hdf5::check(
      H5Lvisit(
          root.id(), H5_INDEX_NAME, H5_ITER_INC,
          [](hid_t /*group*/, const char* name, const H5L_info_t* info, void* all) -> herr_t {
            static_cast<std::vector<Link>*>(all)->push_back({fmt::format("/{}", name), info->type});
            return 0;
          },
          &links),
      path, "listing the file");
  for (const auto& link : links) {
    if (link.type == H5L_TYPE_EXTERNAL) {
      H5L_info_t info{};
      hdf5::check(H5Lget_info(file_.id(), link.name.c_str(), &info, H5P_DEFAULT), path,
                  "H5Lget_info");
      std::vector<char> packed(info.u.val_size);
      hdf5::check(
          H5Lget_val(file_.id(), link.name.c_str(), packed.data(), packed.size(), H5P_DEFAULT),
          path, "H5Lget_val");
      const char* file = nullptr;
      const char* object = nullptr;
      hdf5::check(H5Lunpack_elink_val(packed.data(), packed.size(), nullptr, &file, &object), path,
                  "H5Lunpack_elink_val");
      links_[link.name] = file;
    } else if (link.type == H5L_TYPE_HARD) {
      visit(link.name);
    }
  }
}

void RecordFile::visit(const std::string& name) {
  const std::string where = fmt::format("{}: {}", path_, name);
  const hdf5::Handle object(H5Oopen(file_.id(), name.c_str(), H5P_DEFAULT), H5Oclose, where,
                            "H5Oopen");
  switch (H5Iget_type(object.id())) {
    case H5I_GROUP:
      groups_[name] = hdf5::read_attributes(object.id(), where);
      break;
    case H5I_DATASET: {
      if (hdf5::is_bare_dimension(object.id(), where)) break;
      ArrayOutline outline;
      outline.what = hdf5::outline(object.id(), where);
      outline.dimensions = hdf5::dimension_names(object.id(), outline.what.shape.size(), where);
      outline.attributes = hdf5::read_attributes(object.id(), where);
      arrays_[name] = std::move(outline);
      break;
    }
    default:
      throw Error(where + ": neither a group nor a dataset");
  }
}

ArrayValues RecordFile::read_rows(const std::string& name, std::int64_t begin,
                                  std::int64_t end) const {
  const hdf5::QuietErrors quiet;
  const std::string where = fmt::format("{}: {}", path_, name);
  const auto found = arrays_.find(name);
  if (found == arrays_.end()) throw Error(where + ": no such dataset");
  const hdf5::Handle dataset(H5Dopen2(file_.id(), name.c_str(), H5P_DEFAULT), H5Dclose, where,
                             "opening a dataset");
  return hdf5::read_rows(dataset.id(), found->second.what, begin, end, where);
}

Array RecordFile::read(const std::string& name) const {
  const auto found = arrays_.find(name);
  if (found == arrays_.end()) throw Error(fmt::format("{}: {}: no such dataset", path_, name));
  const auto& outline = found->second;
  Array array;
  array.values = read_rows(name, 0, hdf5::rows_of(outline.what.shape));
  array.shape = outline.what.shape;
  array.dimensions = outline.dimensions;
  array.units = text_or(outline.attributes, "units", "1");
  array.long_name = text_or(outline.attributes, "long_name", "");
  return array;
}

}  // namespace thalweg
