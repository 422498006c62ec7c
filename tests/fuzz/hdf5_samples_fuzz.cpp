// An HDF5 file of samples, made by another program.
#include "fuzz/samples.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  DataOptions options;
  options.source = "hdf5";
  options.path = write_file("samples.h5", Input(data, size).rest());
  accepted([&] { require_sound(read_hdf5(options)); });
  return 0;
}
