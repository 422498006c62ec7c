// A journal with any bytes in it: what its reader takes, and that rows added behind them are found.
#include "fuzz/input.hpp"
#include "records/journal.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzzing;
  Input input(data, size);
  const std::int64_t values = 1 + input.choice() % 4;
  const std::string path = write_file("journal", input.rest());
  accepted([&] {
    const auto before = read_journal(path, values);
    const JournalRow row{42, std::vector<double>(static_cast<std::size_t>(values), 0.5)};
    {
      Journal journal(path, values);
      journal.append(row);
    }
    const auto after = read_journal(path, values);
    require(after.size() == before.size() + 1);
    require(after.back().index == row.index && after.back().values == row.values);
  });
  return 0;
}
