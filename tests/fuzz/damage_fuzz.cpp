// A whole record with bytes changed or cut off: reading it must end in an Error or in the same
// record, and `verify` must name a fault if a byte is another.
#include "fuzz/damage.hpp"
#include "fuzz/input.hpp"
#include "fuzz/same_record.hpp"
#include "records/sample_record.hpp"
#include "records/verify.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  static const Record record = testing_support::sound_run();
  static const std::string sound = [] {
    const std::string path = folder().file("sound.h5");
    write_record(path, record);
    return read_file(path);
  }();
  FuzzedDataProvider input(data, size);
  const std::string bytes = damaged(sound, input);
  const std::string path = write_file("damaged.h5", bytes);
  accepted([&] { require(same_record(read_record(path), record)); });
  require(verify_record(path).empty() == (bytes == sound));
  return 0;
}
