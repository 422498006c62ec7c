#include "records/hdf5_handle.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/error.hpp"

namespace thalweg::hdf5 {

QuietErrors::QuietErrors() {
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

QuietErrors::~QuietErrors() {
  H5Eset_auto2(H5E_DEFAULT, function_, data_);
}

void fail(const std::string& where, const std::string& what) {
  // From the call down to the cause, which for a failed write is the system's errno text; what was
  // wanted of the innermost call often stands above it.
  std::vector<std::string> stack;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_DOWNWARD,
      [](unsigned /*n*/, const H5E_error2_t* error, void* found) -> herr_t {
        auto& entries = *static_cast<std::vector<std::string>*>(found);
        if (error->desc == nullptr) return 0;
        if (entries.empty() || entries.back() != error->desc) entries.emplace_back(error->desc);
        return 0;
      },
      &stack);
  std::string cause;
  for (const auto& entry : stack) cause += (cause.empty() ? "" : ": ") + entry;
  // Some parallel file systems refuse locks, which HDF5 takes on every file that it opens.
  if (cause.find("unable to lock file") != std::string::npos) {
    cause +=
        "; where the file system has no locks, set HDF5_USE_FILE_LOCKING=FALSE in the environment";
  }
  throw Error(fmt::format("{}: {} failed{}{}", where, what, cause.empty() ? "" : ": ", cause));
}

Handle string_type(const std::string& where) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose, where, "H5Tcopy");
  check(H5Tset_size(type.id(), H5T_VARIABLE), where, "H5Tset_size");
  check(H5Tset_cset(type.id(), H5T_CSET_UTF8), where, "H5Tset_cset");
  return type;
}

}  // namespace thalweg::hdf5
