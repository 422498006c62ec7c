// Ratings: sizes of the training and the validation part, then a file of either layout.
#include <algorithm>
#include <cmath>
#include <functional>

#include "data/ratings.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace thalweg;
using thalweg::fuzzing::require;

void require_ascending(const std::vector<std::int64_t>& values) {
  require(std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end());
}

/// In range, finite, ascending without any twice.
void require_sound(const MatrixEntries& entries, std::int64_t rows, std::int64_t columns) {
  const auto size = static_cast<std::size_t>(entries.size());
  require(entries.row.size() == size && entries.column.size() == size);
  std::vector<std::int64_t> positions;
  for (std::size_t k = 0; k < size; ++k) {
    require(entries.row[k] >= 0 && entries.row[k] < rows);
    require(entries.column[k] >= 0 && entries.column[k] < columns);
    require(std::isfinite(entries.value[k]));
    positions.push_back(entries.row[k] * columns + entries.column[k]);
  }
  require_ascending(positions);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzzing::Input input(data, size);
  RatingsOptions options;
  options.train = input.choice() % 16;
  options.validation = input.choice() % 16;
  options.path = fuzzing::write_file("ratings", input.rest());
  fuzzing::accepted([&] {
    const Ratings ratings = read_ratings(options.path);
    const auto rows = static_cast<std::int64_t>(ratings.users.size());
    const auto columns = static_cast<std::int64_t>(ratings.items.size());
    require(ratings.entries.size() > 0);
    for (const auto* ids : {&ratings.users, &ratings.items}) {
      require_ascending(*ids);
      require(ids->front() >= 1 && ids->back() <= 2147483647);
    }
    require_sound(ratings.entries, rows, columns);
    const MatrixSample sample = ratings_sample(ratings, options, 1);
    require(sample.rows == rows && sample.columns == columns);
    for (const auto* part : {&sample.train, &sample.validation, &sample.test}) {
      require_sound(*part, rows, columns);
    }
    require(sample.train.size() > 0 && sample.test.size() > 0);
    require(sample.train.size() + sample.validation.size() + sample.test.size() ==
            ratings.entries.size());
  });
  return 0;
}
