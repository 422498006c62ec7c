// The binary versions of CIFAR-10 and CIFAR-100.
#include "fuzz/samples.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  Input input(data, size);
  const std::int64_t count = input.choice() % 3 == 0 ? -1 : input.choice() % 3 + 1;
  for (const char* name : {"data_batch_1.bin", "test_batch.bin", "train.bin"}) {
    write_file(name, input.rest());
  }
  for (const auto half : {Half::train, Half::test}) {
    accepted([&] { require_sound(read_cifar10(folder().path(), half, count)); });
  }
  accepted([&] { require_sound(read_cifar100(folder().path(), Half::train, count)); });
  return 0;
}
