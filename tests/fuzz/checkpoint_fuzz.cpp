// Two generations of a checkpoint, the newer one damaged: one of them is read, and as it was
// written.
#include "fuzz/damage.hpp"
#include "fuzz/input.hpp"
#include "fuzz/same_record.hpp"
#include "records/checkpoint.hpp"
#include "records/sample_record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  static const Record older = testing_support::sample_run();
  static const Record newer = [] {
    Record record = older;
    record.attributes["seed"] = std::int64_t{8};
    return record;
  }();
  static const std::string path = folder().file("run.ckpt");
  static const std::string sound = [] {
    write_checkpoint(path, older);
    write_checkpoint(path, newer);
    return read_file(path);
  }();
  FuzzedDataProvider input(data, size);
  write_file("run.ckpt", damaged(sound, input));
  const auto found = read_newest_checkpoint(path);
  require(found && (same_record(*found, newer) || same_record(*found, older)));
  return 0;
}
