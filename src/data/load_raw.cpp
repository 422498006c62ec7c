#include "data/load_raw.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "data/data_storage.hpp"
#include "data/glyphs.hpp"

namespace thalweg {

namespace {

RawSplit draw_glyphs(const DataOptions& options, std::int64_t first, std::int64_t n,
                     const Communicator& holders) {
  const Glyphs glyphs(options.seed, options.image_size);
  RawSplit split;
  split.shape = {1, options.image_size, options.image_size};
  split.classes = Glyphs::classes;
  split.labels.reserve(static_cast<std::size_t>(n));  // an absurd count fails here, at once
  for (std::int64_t i = 0; i < n; ++i) split.labels.push_back(glyphs.label(first + i));
  split.held = samples_of(n, holders.size(), holders.rank());
  const auto features = static_cast<std::size_t>(split.shape.features());
  split.bytes.resize(static_cast<std::size_t>(split.held.size()) * features);
  for (std::int64_t i = split.held.begin; i < split.held.end; ++i) {
    const auto at = static_cast<std::size_t>(i - split.held.begin) * features;
    glyphs.draw(first + i, std::span(split.bytes).subspan(at, features));
  }
  return split;
}

LabelledSamples read_half(const DataOptions& options, Half half) {
  const std::int64_t count = half == Half::train ? options.train : options.test;
  if (options.source == "idx") return read_idx(options.path, half, count);
  if (options.source == "cifar10") return read_cifar10(options.path, half, count);
  return read_cifar100(options.path, half, count);
}

SampleHalves read_halves(const DataOptions& options) {
  SampleHalves halves;
  if (options.source == "csv") {
    halves = read_csv(options);
  } else if (options.source == "libsvm") {
    halves = read_libsvm(options);
  } else if (options.source == "npy") {
    halves = read_npy(options);
  } else if (options.source == "hdf5") {
    halves = read_hdf5(options);
  } else if (options.source == "uci") {
    halves = read_uci(options);
  } else {
    return {read_half(options, Half::train), read_half(options, Half::test), {}};
  }
  halves.train.keep_first(options.train, options.path, Half::train);
  halves.test.keep_first(options.test, options.test_path.empty() ? options.path : options.test_path,
                         Half::test);
  return halves;
}

/// Copies what this rank holds of a row-major table that the root has, which goes to all in pieces.
template <class Value>
void spread_values(const std::vector<Value>& table, std::int64_t features,
                   const Communicator& world, const RawSplit& split, std::vector<Value>& held) {
  const std::int64_t n = split.size();
  held.resize(static_cast<std::size_t>(split.held.size() * features));
  const std::int64_t piece = std::max<std::int64_t>(1, (std::int64_t{1} << 24) / features);
  std::vector<Value> buffer;
  for (std::int64_t begin = 0; begin < n; begin += piece) {
    const std::int64_t end = std::min(begin + piece, n);
    buffer.resize(static_cast<std::size_t>((end - begin) * features));
    if (world.is_root()) {
      std::copy_n(table.begin() + begin * features, buffer.size(), buffer.begin());
    }
    world.broadcast(std::span<Value>(buffer));
    const std::int64_t from = std::max(begin, split.held.begin);
    const std::int64_t to = std::min(end, split.held.end);
    if (from >= to) continue;
    std::copy(buffer.begin() + (from - begin) * features, buffer.begin() + (to - begin) * features,
              held.begin() + (from - split.held.begin) * features);
  }
}

/// The root's samples to all: labels to every rank, each row to the ranks that hold it.
RawSplit spread(LabelledSamples samples, const Communicator& world, const Communicator& holders) {
  std::array<std::int64_t, 6> header{samples.shape.channels, samples.shape.height,
                                     samples.shape.width,    samples.classes,
                                     samples.size(),         samples.numbers.empty() ? 0 : 1};
  world.broadcast(std::span<std::int64_t>(header));
  RawSplit split;
  split.shape = {header[0], header[1], header[2]};
  split.classes = header[3];
  const std::int64_t n = header[4];
  split.labels = std::move(samples.labels);
  split.labels.resize(static_cast<std::size_t>(n));
  static_assert(sizeof(int) == sizeof(std::int32_t));
  world.broadcast(std::span<int>(split.labels));

  split.held = samples_of(n, holders.size(), holders.rank());
  if (header[5] != 0) {
    spread_values(samples.numbers, split.shape.features(), world, split, split.numbers);
  } else {
    spread_values(samples.bytes, split.shape.features(), world, split, split.bytes);
  }
  return split;
}

}  // namespace

RawData load_raw(const DataOptions& options, const Communicator& world,
                 const Communicator& holders) {
  if (options.source == "glyphs") {
    const std::int64_t train = options.train == -1 ? 10000 : options.train;
    const std::int64_t test = options.test == -1 ? 2000 : options.test;
    RawData data;
    collectively(world, [&] {
      data = {draw_glyphs(options, 0, train, holders),
              draw_glyphs(options, Glyphs::test_offset, test, holders)};
    });
    return data;
  }
  SampleHalves halves;
  collectively(world, [&] {
    if (!world.is_root()) return;
    halves = read_halves(options);
    if (halves.train.shape == halves.test.shape) return;
    throw ConfigurationError(options.path +
                             ": the images of the training and the test files differ in size");
  });
  RawSplit spread_train = spread(std::move(halves.train), world, holders);
  return {std::move(spread_train), spread(std::move(halves.test), world, holders),
          std::move(halves.notices)};
}

}  // namespace thalweg
