// A site file such as jobs/site.conf.
#include "fuzz/input.hpp"
#include "planning/site.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  const std::string text(Input(data, size).rest());
  accepted([&] {
    const Site site = read_site(text, "site.conf");
    require(site.cores_per_node > 0 && site.memory_per_node_gib > 0.0 && site.max_walltime_s > 0.0);
  });
  return 0;
}
