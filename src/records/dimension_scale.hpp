#pragma once

#include <string>
#include <vector>

#include "records/hdf5_handle.hpp"
#include "records/record.hpp"

namespace thalweg::hdf5 {

/// Gives every axis of every array its dimension scale, in the array's own group: the dataset of
/// the dimension's name where the record has one, otherwise a scale without coordinates as netCDF-4
/// writes it. Throws Error where two arrays of a group disagree about an axis. Local.
void write_dimension_scales(hid_t file, const Record& record, const std::string& file_name);

/// Names of the axes of a dataset, "" where an axis has no scale. Local.
std::vector<std::string> dimension_names(hid_t dataset, std::size_t axes, const std::string& where);
/// Whether a dataset is a netCDF-4 dimension without coordinates: a label, not data. Local.
bool is_bare_dimension(hid_t dataset, const std::string& where);

}  // namespace thalweg::hdf5
