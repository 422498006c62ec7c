#pragma once

#include <string>

#include "records/hdf5_handle.hpp"

namespace thalweg::hdf5 {

/// What HDF5 would read without complaint, or refuse without saying why: a dataset of which no
/// value was ever written, a virtual one whose sources are not there or not written (fill values
/// take their place), and filters that this HDF5 lacks, which are named. Local. Throws Error that
/// begins with `name`, file and path of the dataset.
void check_readable(const Handle& dataset, const std::string& name);

}  // namespace thalweg::hdf5
