// HDF5 files of samples as other programs make them, put together from the input: datasets of any
// type and shape, in chunks or not, compressed, never written, missing. The bytes of HDF5 itself
// stay whole: its library survives no damage there.
#include <fuzzer/FuzzedDataProvider.h>
#include <hdf5.h>

#include <array>
#include <vector>

#include "fuzz/samples.hpp"
#include "records/hdf5_handle.hpp"

namespace {

using namespace thalweg;
using namespace thalweg::fuzzing;
using hdf5::Handle;

Handle type_from(FuzzedDataProvider& input) {
  const std::array types{H5T_STD_U8LE,  H5T_STD_I8LE,  H5T_STD_U16BE,  H5T_STD_I32LE,
                         H5T_STD_I64BE, H5T_STD_U64LE, H5T_IEEE_F32LE, H5T_IEEE_F64BE,
                         H5T_C_S1,      H5T_STD_B8LE,  H5T_STD_REF_OBJ};
  const hid_t type = input.PickValueInArray(types);
  const auto kind = input.ConsumeIntegralInRange(0, 9);
  if (kind == 0) return {H5Tvlen_create(type), H5Tclose, "type", "H5Tvlen_create"};
  if (kind == 1) {
    const hsize_t two = 2;
    return {H5Tarray_create2(type, 1, &two), H5Tclose, "type", "H5Tarray_create2"};
  }
  if (kind == 2) return {H5Tenum_create(H5T_STD_I8LE), H5Tclose, "type", "H5Tenum_create"};
  return {H5Tcopy(type), H5Tclose, "type", "H5Tcopy"};
}

/// A dataset; small ones are written, since a type's own conversions are HDF5's matter.
void make_dataset(hid_t file, const std::string& path, std::int64_t samples, int least, int most,
                  FuzzedDataProvider& input) {
  const Handle type = type_from(input);
  std::vector<hsize_t> shape;
  for (int axes = input.ConsumeIntegralInRange(least, most); axes > 0; --axes) {
    const bool large = input.ConsumeIntegralInRange(0, 20) == 0;
    shape.push_back(large ? input.ConsumeIntegral<std::uint32_t>()
                          : input.ConsumeIntegralInRange<hsize_t>(0, 5));
  }
  if (!shape.empty() && input.ConsumeIntegralInRange(0, 5) != 0) {
    shape.front() = static_cast<hsize_t>(samples);
  }
  const Handle space(shape.empty()
                         ? H5Screate(H5S_SCALAR)
                         : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr),
                     H5Sclose, path, "H5Screate");
  const Handle list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, path, "H5Pcreate");
  hsize_t elements = 1;
  for (const auto size : shape) elements *= size;
  if (!shape.empty() && elements > 0 && input.ConsumeBool()) {
    const std::vector<hsize_t> chunk(shape.size(), 1);
    H5Pset_chunk(list.id(), static_cast<int>(chunk.size()), chunk.data());
    if (input.ConsumeBool()) H5Pset_deflate(list.id(), 1);
  }
  const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose, path, "H5Pcreate");
  H5Pset_create_intermediate_group(links.id(), 1);
  const Handle dataset(
      H5Dcreate2(file, path.c_str(), type.id(), space.id(), links.id(), list.id(), H5P_DEFAULT),
      H5Dclose, path, "H5Dcreate2");
  const auto type_class = H5Tget_class(type.id());
  const bool numbers = type_class == H5T_INTEGER || type_class == H5T_FLOAT;
  constexpr hsize_t small = 4096;
  if (!numbers || elements > small || input.ConsumeIntegralInRange(0, 9) == 0) return;
  auto bytes = input.ConsumeBytes<std::uint8_t>(elements * H5Tget_size(type.id()));
  bytes.resize(elements * H5Tget_size(type.id()));
  H5Dwrite(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
}

void make_file(const std::string& path, FuzzedDataProvider& input) {
  const hdf5::QuietErrors quiet;
  const Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose,
                    path, "H5Fcreate");
  for (const char* half : {"/train", "/test"}) {
    const auto samples = input.ConsumeIntegralInRange<std::int64_t>(1, 4);
    if (input.ConsumeIntegralInRange(0, 20) == 0) continue;
    make_dataset(file.id(), std::string(half) + "/x", samples, 1, 5, input);
    make_dataset(file.id(), std::string(half) + "/y", samples, 0, 2, input);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  DataOptions options;
  options.source = "hdf5";
  options.path = folder().file("samples.h5");
  if (!accepted([&] { make_file(options.path, input); })) return 0;
  accepted([&] { require_sound(read_hdf5(options)); });
  require(H5Fget_obj_count(static_cast<hid_t>(H5F_OBJ_ALL), H5F_OBJ_ALL) == 0);
  return 0;
}
