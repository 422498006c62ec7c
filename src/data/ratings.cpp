#include "data/ratings.hpp"

#include <fmt/format.h>

#include <span>

#include "base/error.hpp"

namespace thalweg {

namespace {

void broadcast(MatrixEntries& entries, const Communicator& world) {
  std::int64_t count = entries.size();
  world.broadcast(std::span(&count, 1));
  const auto send = [&](auto& values) {
    values.resize(static_cast<std::size_t>(count));
    world.broadcast(std::span(values));
  };
  send(entries.row);
  send(entries.column);
  send(entries.value);
}

}  // namespace

MatrixSample ratings_sample(const Ratings& ratings, const RatingsOptions& options,
                            std::uint64_t seed) {
  const MatrixEntries& all = ratings.entries;
  const std::int64_t train = options.train == 0 ? all.size() * 4 / 5 : options.train;
  // Differences, not sums: these numbers may be anything.
  if (train < 1 || train >= all.size() || options.validation < 0 ||
      options.validation >= all.size() - train) {
    throw ConfigurationError(
        fmt::format("{}: {} ratings to train on and {} for validation of the {} there, expected "
                    "one or more to train on and one or more left to test",
                    options.path, train, options.validation, all.size()));
  }
  MatrixSample sample;
  sample.rows = static_cast<std::int64_t>(ratings.users.size());
  sample.columns = static_cast<std::int64_t>(ratings.items.size());
  const auto parts =
      drawn_parts(all.size(), train, options.validation, Stream(seed, Purpose::split, 0));
  for (std::size_t k = 0; k < parts.size(); ++k) {
    sample.part(parts[k]).add(all.row[k], all.column[k], all.value[k]);
  }
  sample.description = fmt::format(
      "ratings: {} users x {} items, {} training, {} validation and {} test ratings, drawn with "
      "seed {}",
      sample.rows, sample.columns, sample.train.size(), sample.validation.size(),
      sample.test.size(), seed);
  sample.hash = checksum_of(sample);
  return sample;
}

MatrixSample load_ratings(const RatingsOptions& options, std::uint64_t seed,
                          const Communicator& world) {
  MatrixSample sample;
  collectively(world, [&] {
    if (world.is_root()) sample = ratings_sample(read_ratings(options.path), options, seed);
  });
  world.broadcast(std::span(&sample.rows, 1));
  world.broadcast(std::span(&sample.columns, 1));
  for (auto* entries : {&sample.train, &sample.validation, &sample.test}) {
    broadcast(*entries, world);
  }
  sample.description = world.broadcast(sample.description);
  world.broadcast(std::span(&sample.hash, 1));
  return sample;
}

}  // namespace thalweg
