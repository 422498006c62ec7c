// Any bytes as an HDF5 file that has no seal, as other programs write them: shown, verified,
// compared.
#include "fuzz/input.hpp"
#include "records/diff.hpp"
#include "records/record.hpp"
#include "records/verify.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  const std::string path = write_file("record.h5", Input(data, size).rest());
  accepted([&] { read_record(path); });
  require(!verify_record(path).empty());
  accepted([&] { require(diff_records(path, path).empty()); });
  return 0;
}
