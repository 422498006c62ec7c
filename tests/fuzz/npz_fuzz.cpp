// A state dict as [train] initial reads it: a zip archive of arrays, given to a small network.
#include <span>

#include "data/npz.hpp"
#include "fuzz/input.hpp"
#include "models/model.hpp"
#include "models/weights.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  static const Network<double> network = [] {
    ModelOptions options;
    options.layers = read_layers({"conv 2 3", "norm", "relu", "gap", "dense 3"});
    return make_model<double>(options, {1, 4, 4}, 2);
  }();
  const std::string path = write_file("weights.npz", Input(data, size).rest());
  accepted([&] {
    const auto arrays = read_npz(path);
    std::vector<double> w(static_cast<std::size_t>(network.parameter_count()));
    auto statistics = network.buffers();
    assign_weights(path, arrays, network.parameters(), std::span<double>(w),
                   std::span<double>(statistics));
    const auto named = named_weights(network.parameters(), std::span<const double>(w),
                                     std::span<const double>(statistics));
    require(!named.empty());
  });
  return 0;
}
