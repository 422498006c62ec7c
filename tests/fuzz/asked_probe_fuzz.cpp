// --probe of `thalweg probe`. The settings of a probe that is accepted are valid themselves.
#include "fuzz/input.hpp"
#include "runs/asked_probe.hpp"
#include "settings/settings.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  const std::string text(Input(data, size).rest());
  std::string settings;
  if (!accepted([&] { settings = read_asked_probe(text, {1, 1}).settings; })) return 0;
  require(accepted([&] { Settings::parse(settings, "probe"); }));
  return 0;
}
