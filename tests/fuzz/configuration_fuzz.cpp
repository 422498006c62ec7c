// Two configurations as config.toml keeps them, perhaps damaged, compared as `--resume` does.
#include "fuzz/input.hpp"
#include "runs/output_folder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  Input input(data, size);
  const std::string stored(input.part());
  const std::string given(input.part());
  accepted([&] {
    const auto difference = configuration_difference(stored, given);
    require(!difference || !difference->empty());
  });
  return 0;
}
