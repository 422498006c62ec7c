// The file of a Gram matrix with bytes changed or cut off: what its layout says lies within it.
#include <algorithm>

#include "fuzz/damage.hpp"
#include "fuzz/input.hpp"
#include "kernels/gram_layout.hpp"
#include "records/verify.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  static const GramIdentity identity{5, 5, 4, 2, 8, true, "a kernel", 7};
  static const std::string sound = [] {
    const std::string path = folder().file("sound.h5");
    create_gram_file(path, identity, {});
    return read_file(path);
  }();
  FuzzedDataProvider input(data, size);
  const std::string bytes = damaged(sound, input);
  const std::string path = write_file("gram.h5.partial", bytes);
  accepted([&] {
    const GramFileLayout layout = read_gram_layout(path, identity);
    const auto within = [&](std::int64_t offset, std::int64_t length) {
      return offset >= 0 && length >= 0 &&
             offset + length <= static_cast<std::int64_t>(bytes.size());
    };
    for (const auto offset : layout.tile_offsets) {
      require(within(offset, identity.strips * identity.strip_bytes()));
    }
    const auto entries = static_cast<std::int64_t>(layout.done.size());
    require(within(layout.done_offset, entries) && within(layout.checksum_offset, entries * 8));
  });
  verify_record(path);
  return 0;
}
