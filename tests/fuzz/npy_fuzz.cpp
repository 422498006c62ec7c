// NumPy's .npy files: samples, then labels; the test half is the same.
#include "fuzz/samples.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  Input input(data, size);
  const auto x = input.part();
  const auto y = input.part();
  for (const char* half : {"train", "test"}) {
    write_file(std::string(half) + "_x.npy", x);
    write_file(std::string(half) + "_y.npy", y);
  }
  DataOptions options;
  options.source = "npy";
  options.path = folder().path();
  accepted([&] { require_sound(read_npy(options)); });
  return 0;
}
