// LIBSVM's sparse text: samples and, behind a line "%%", test samples.
#include "fuzz/samples.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  Input input(data, size);
  DataOptions options;
  options.source = "libsvm";
  options.test = 1;
  options.path = write_file("train.svm", input.part());
  if (!input.rest().empty()) options.test_path = write_file("test.svm", input.part());
  accepted([&] { require_sound(read_libsvm(options)); });
  return 0;
}
