// --time-limit, and the times of a site file.
#include <cmath>

#include "base/duration.hpp"
#include "fuzz/input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  const std::string text(Input(data, size).rest());
  accepted([&] {
    const double seconds = parse_duration(text, "--time-limit");
    require(std::isfinite(seconds) && seconds > 0.0);
  });
  return 0;
}
