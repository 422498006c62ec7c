// The binary versions of CIFAR-10 and CIFAR-100.
#include "fuzz/samples.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  Input input(data, size);
  const std::int64_t count = input.choice() % 3 == 0 ? -1 : input.choice() % 3 + 1;
  const auto first = [count](LabelledSamples samples) {
    samples.keep_first(count, folder().path(), Half::train);
    return samples;
  };
  for (const char* name : {"data_batch_1.bin", "test_batch.bin", "train.bin"}) {
    write_file(name, input.rest());
  }
  for (const auto half : {Half::train, Half::test}) {
    accepted([&] { require_sound(first(read_cifar10(folder().path(), half))); });
  }
  accepted([&] { require_sound(first(read_cifar100(folder().path(), Half::train))); });
  return 0;
}
