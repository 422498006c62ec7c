// Tables: choices of separator, header and column of labels, then the table and one of test
// samples.
#include <array>

#include "fuzz/samples.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  Input input(data, size);
  const std::array<ColumnChoice, 4> columns{-1, 0, "class", "1"};
  DataOptions options;
  options.source = "csv";
  options.separator = csv_separators().at(input.choice() % csv_separators().size());
  options.header = csv_headers().at(input.choice() % csv_headers().size());
  options.label_column = columns.at(input.choice() % columns.size());
  options.test_fraction = input.choice() / 256.0;
  options.test = 1;
  options.path = write_file("train.csv", input.part());
  if (!input.rest().empty()) options.test_path = write_file("test.csv", input.part());
  accepted([&] { require_sound(read_csv(options)); });
  return 0;
}
