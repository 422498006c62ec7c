#include "records/hdf5_attribute.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/error.hpp"

namespace thalweg::hdf5 {

namespace {

Handle scalar_space(const std::string& where) {
  return {H5Screate(H5S_SCALAR), H5Sclose, where, "H5Screate"};
}

Handle create(hid_t object, const std::string& name, hid_t type, const Handle& space,
              const std::string& where) {
  return {H5Acreate2(object, name.c_str(), type, space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
          where, "creating an attribute"};
}

/// Texts from an attribute or dataset's strings, of either kind HDF5 has.
std::vector<std::string> read_texts(const Handle& attribute, const Handle& type,
                                    const Handle& space, const std::string& where) {
  const auto n = static_cast<std::size_t>(
      check(H5Sget_simple_extent_npoints(space.id()), where, "reading an attribute's extent"));
  std::vector<std::string> texts;
  if (n == 0) return texts;
  texts.reserve(n);
  if (check(H5Tis_variable_str(type.id()), where, "H5Tis_variable_str") > 0) {
    const Handle memory = string_type(where);
    check(H5Tset_cset(memory.id(), H5Tget_cset(type.id())), where, "H5Tset_cset");
    std::vector<char*> pointers(n, nullptr);
    check(H5Aread(attribute.id(), memory.id(), pointers.data()), where, "reading an attribute");
    for (const char* text : pointers) texts.emplace_back(text == nullptr ? "" : text);
    check(H5Dvlen_reclaim(memory.id(), space.id(), H5P_DEFAULT, pointers.data()), where,
          "H5Dvlen_reclaim");
    return texts;
  }
  const std::size_t size = H5Tget_size(type.id());
  std::string bytes(n * size, '\0');
  check(H5Aread(attribute.id(), type.id(), bytes.data()), where, "reading an attribute");
  for (std::size_t i = 0; i < n; ++i) {
    std::string text = bytes.substr(i * size, size);
    text.resize(std::min(text.find('\0'), text.size()));
    texts.push_back(text);
  }
  return texts;
}

bool belongs_to_scales(const std::string& name) {
  static constexpr std::array names{"CLASS",          "NAME",          "DIMENSION_LIST",
                                    "REFERENCE_LIST", "_Netcdf4Dimid", "DIMENSION_LABELS"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

void write_attribute(hid_t object, const std::string& name, const AttributeValue& value,
                     const std::string& where) {
  const std::string here = fmt::format("{} attribute {}", where, name);
  const char* const write = "writing an attribute";
  if (const auto* text = std::get_if<std::string>(&value)) {
    const Handle type = string_type(here);
    const Handle attribute = create(object, name, type.id(), scalar_space(here), here);
    const char* pointer = text->c_str();
    check(H5Awrite(attribute.id(), type.id(), &pointer), here, write);
  } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    const Handle attribute = create(object, name, H5T_STD_I64LE, scalar_space(here), here);
    check(H5Awrite(attribute.id(), H5T_NATIVE_INT64, whole), here, write);
  } else if (const auto* number = std::get_if<double>(&value)) {
    const Handle attribute = create(object, name, H5T_IEEE_F64LE, scalar_space(here), here);
    check(H5Awrite(attribute.id(), H5T_NATIVE_DOUBLE, number), here, write);
  } else {
    const auto& texts = std::get<std::vector<std::string>>(value);
    const Handle type = string_type(here);
    const hsize_t n = texts.size();
    const Handle space(H5Screate_simple(1, &n, nullptr), H5Sclose, here, "H5Screate_simple");
    const Handle attribute = create(object, name, type.id(), space, here);
    std::vector<const char*> pointers;
    pointers.reserve(texts.size());
    for (const auto& one : texts) pointers.push_back(one.c_str());
    if (n > 0) check(H5Awrite(attribute.id(), type.id(), pointers.data()), here, write);
  }
}

Attributes read_attributes(hid_t object, const std::string& where) {
  std::vector<std::string> names;
  hsize_t start = 0;
  check(H5Aiterate2(
            object, H5_INDEX_NAME, H5_ITER_INC, &start,
            [](hid_t /*id*/, const char* name, const H5A_info_t* /*info*/, void* all) -> herr_t {
              static_cast<std::vector<std::string>*>(all)->emplace_back(name);
              return 0;
            },
            &names),
        where, "listing attributes");
  Attributes attributes;
  for (const auto& name : names) {
    if (belongs_to_scales(name)) continue;
    const std::string here = fmt::format("{} attribute {}", where, name);
    const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, here, "H5Aopen");
    const Handle type(H5Aget_type(attribute.id()), H5Tclose, here, "H5Aget_type");
    const Handle space(H5Aget_space(attribute.id()), H5Sclose, here, "H5Aget_space");
    const bool scalar = H5Sget_simple_extent_type(space.id()) == H5S_SCALAR;
    switch (H5Tget_class(type.id())) {
      case H5T_STRING: {
        auto texts = read_texts(attribute, type, space, here);
        if (scalar) {
          attributes[name] = texts.at(0);
        } else {
          attributes[name] = std::move(texts);
        }
        break;
      }
      case H5T_INTEGER: {
        std::int64_t value = 0;
        if (!scalar) throw Error(here + ": expected a scalar");
        check(H5Aread(attribute.id(), H5T_NATIVE_INT64, &value), here, "reading an attribute");
        attributes[name] = value;
        break;
      }
      case H5T_FLOAT: {
        double value = 0.0;
        if (!scalar) throw Error(here + ": expected a scalar");
        check(H5Aread(attribute.id(), H5T_NATIVE_DOUBLE, &value), here, "reading an attribute");
        attributes[name] = value;
        break;
      }
      default:
        throw Error(here + ": neither text nor a number");
    }
  }
  return attributes;
}

std::string text_attribute(hid_t object, const std::string& name, const std::string& fallback,
                           const std::string& where) {
  if (check(H5Aexists(object, name.c_str()), where, "H5Aexists") == 0) return fallback;
  const Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, where, "H5Aopen");
  const Handle type(H5Aget_type(attribute.id()), H5Tclose, where, "H5Aget_type");
  const Handle space(H5Aget_space(attribute.id()), H5Sclose, where, "H5Aget_space");
  if (H5Tget_class(type.id()) != H5T_STRING) return fallback;
  const auto texts = read_texts(attribute, type, space, where);
  return texts.size() == 1 ? texts.front() : fallback;
}

}  // namespace thalweg::hdf5
