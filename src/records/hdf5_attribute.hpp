#pragma once

#include <string>

#include "records/hdf5_handle.hpp"
#include "records/record.hpp"

namespace thalweg::hdf5 {

/// Writes an attribute of `object`; `where` names file and path for errors. Local.
void write_attribute(hid_t object, const std::string& name, const AttributeValue& value,
                     const std::string& where);
/// Reads all attributes of the known types; those that belong to dimension scales are left out.
/// Local.
Attributes read_attributes(hid_t object, const std::string& where);
/// A text attribute, or `fallback` where there is none. Local.
std::string text_attribute(hid_t object, const std::string& name, const std::string& fallback,
                           const std::string& where);

}  // namespace thalweg::hdf5
