// --time-limit.
#include <cmath>

#include "app/command_line.hpp"
#include "fuzz/input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  const std::string text(Input(data, size).rest());
  accepted([&] {
    const double seconds = parse_time_limit(text);
    require(std::isfinite(seconds) && seconds > 0.0);
  });
  return 0;
}
