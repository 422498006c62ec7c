#include "records/hdf5_readable.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <vector>

#include "base/error.hpp"

namespace thalweg::hdf5 {

namespace fs = std::filesystem;

namespace {

/// Virtual datasets of virtual datasets; a file may name itself.
constexpr int kDeepest = 8;

void check_readable(const Handle& dataset, const std::string& name, int depth);

hssize_t numbers_of(const Handle& dataset, const std::string& name) {
  const Handle space(H5Dget_space(dataset.id()), H5Sclose, name, "H5Dget_space");
  return H5Sget_simple_extent_npoints(space.id());
}

void check_filters(const Handle& plist, const std::string& name) {
  const int filters = check(H5Pget_nfilters(plist.id()), name, "H5Pget_nfilters");
  for (int k = 0; k < filters; ++k) {
    unsigned flags = 0;
    std::size_t values = 0;
    std::array<char, 256> text{};
    const H5Z_filter_t filter =
        check(H5Pget_filter2(plist.id(), static_cast<unsigned>(k), &flags, &values, nullptr,
                             text.size() - 1, text.data(), nullptr),
              name, "H5Pget_filter");
    if (H5Zfilter_avail(filter) > 0) continue;
    const std::string known = filter == H5Z_FILTER_SZIP ? "szip" : text.data();
    throw Error(fmt::format("{}: needs the filter {}({}), which this HDF5 lacks; rewrite with gzip",
                            name, known.empty() ? "" : known + " ",
                            static_cast<std::int64_t>(filter)));
  }
}

/// One of HDF5's texts of a mapping of a virtual dataset.
template <class Get>
std::string mapping_text(const Get& get, const Handle& plist, std::size_t k,
                         const std::string& name) {
  const ssize_t length = check(get(plist.id(), k, nullptr, 0), name, "reading its sources");
  std::vector<char> text(static_cast<std::size_t>(length) + 1);
  check(get(plist.id(), k, text.data(), text.size()), name, "reading its sources");
  return text.data();
}

/// Where HDF5 looks for a source when no prefix is set: by its name, beside the virtual file, and
/// from the current directory.
fs::path find_source(const std::string& source, const fs::path& virtual_file) {
  const fs::path path(source);
  const fs::path folder = virtual_file.parent_path();
  const std::array places{folder / path, path, folder / path.filename()};
  for (const fs::path& place : places) {
    if (fs::is_regular_file(place)) return place;
  }
  return {};
}

void check_source(const Handle& dataset, const std::string& file, const std::string& path,
                  const std::string& name, int depth) {
  // Names with %b stand for as many files as there are.
  if (file.find('%') != std::string::npos || path.find('%') != std::string::npos) return;
  std::string own(
      static_cast<std::size_t>(check(H5Fget_name(dataset.id(), nullptr, 0), name, "H5Fget_name")),
      '\0');
  check(H5Fget_name(dataset.id(), own.data(), own.size() + 1), name, "H5Fget_name");
  const fs::path place = file == "." ? fs::path(own) : find_source(file, own);
  if (place.empty()) {
    throw Error(
        fmt::format("{}: its source {} is not there, and HDF5 would read fill values in its place",
                    name, file));
  }
  const std::string source = fmt::format("{}: its source {}{}{}", name, place.string(),
                                         path.starts_with('/') ? "" : "/", path);
  const Handle opened(H5Fopen(place.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, source,
                      "opening it as HDF5");
  const Handle data(H5Dopen2(opened.id(), path.c_str(), H5P_DEFAULT), H5Dclose, source, "H5Dopen");
  check_readable(data, source, depth + 1);
}

void check_sources(const Handle& dataset, const Handle& plist, const std::string& name, int depth) {
  if (depth >= kDeepest) {
    throw Error(
        fmt::format("{}: virtual datasets of virtual datasets more than {} deep", name, kDeepest));
  }
  std::size_t count = 0;
  check(H5Pget_virtual_count(plist.id(), &count), name, "H5Pget_virtual_count");
  hssize_t mapped = 0;
  bool open_ended = false;
  for (std::size_t k = 0; k < count; ++k) {
    check_source(dataset, mapping_text(H5Pget_virtual_filename, plist, k, name),
                 mapping_text(H5Pget_virtual_dsetname, plist, k, name), name, depth);
    const Handle space(H5Pget_virtual_vspace(plist.id(), k), H5Sclose, name,
                       "H5Pget_virtual_vspace");
    const hssize_t points = H5Sget_select_npoints(space.id());
    open_ended = open_ended || points < 0;
    mapped += points;
  }
  const hssize_t all = numbers_of(dataset, name);
  if (!open_ended && mapped < all) {
    throw Error(fmt::format("{}: its sources cover {} of its {} numbers", name, mapped, all));
  }
}

void check_readable(const Handle& dataset, const std::string& name, int depth) {
  const Handle plist(H5Dget_create_plist(dataset.id()), H5Pclose, name, "H5Dget_create_plist");
  check_filters(plist, name);
  if (H5Pget_layout(plist.id()) == H5D_VIRTUAL) {
    check_sources(dataset, plist, name, depth);
    return;
  }
  H5D_space_status_t status{};
  check(H5Dget_space_status(dataset.id(), &status), name, "H5Dget_space_status");
  if (status == H5D_SPACE_STATUS_NOT_ALLOCATED) {
    throw Error(fmt::format("{}: the file holds none of its {} numbers: was it written?", name,
                            numbers_of(dataset, name)));
  }
}

}  // namespace

void check_readable(const Handle& dataset, const std::string& name) {
  check_readable(dataset, name, 0);
}

}  // namespace thalweg::hdf5
