// A UCI set's folder: the table, the pair for tuning, the four pairs of hold-outs.
#include "data/uci_set.hpp"
#include "fuzz/samples.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  Input input(data, size);
  for (const char* name : {"set_R.dat", "conxuntos.dat", "conxuntos_kfold.dat"}) {
    write_file(name, input.part());
  }
  accepted([] {
    const UciSet set = read_uci_set(folder().path());
    require(set.rows.size() == static_cast<std::size_t>(set.size() * set.features));
    DataOptions options;
    options.source = "uci";
    options.path = folder().path();
    require_sound(read_uci(options));
  });
  return 0;
}
