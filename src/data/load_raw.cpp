#include "data/load_raw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"
#include "data/class_labels.hpp"
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

/// Both halves as their files have them.
SampleHalves read_files(const DataOptions& options) {
  const auto by_half = [&options](const auto& read) {
    return SampleHalves{read(options.path, Half::train), read(options.path, Half::test)};
  };
  if (options.source == "csv") return read_csv(options);
  if (options.source == "libsvm") return read_libsvm(options);
  if (options.source == "npy") return read_npy(options);
  if (options.source == "hdf5") return read_hdf5(options);
  if (options.source == "uci") return read_uci(options);
  if (options.source == "cifar10") return by_half(read_cifar10);
  if (options.source == "cifar100") return by_half(read_cifar100);
  return number_classes(by_half(read_idx), options.path);
}

/// Where the first few training samples, which the study asks for, leave out classes of the test
/// samples, that is its choice, but not one to make unknowingly.
void notice_left_out(const DataOptions& options, std::span<const std::int32_t> train,
                     std::span<const std::int32_t> test, const std::vector<std::string>& names,
                     std::vector<std::string>& notices) {
  const auto left_out = unseen_labels(train, test, names);
  if (left_out.empty()) return;
  notices.push_back(
      fmt::format("[data] train = {} leaves out classes: {}", options.train, left_out));
}

/// The two halves as the study wants them. Labels that only the test samples have, by the files or
/// by the draw of the halves, are refused.
SampleHalves read_halves(const DataOptions& options) {
  SampleHalves halves = read_files(options);
  auto& [train, test, names, notices] = halves;
  const std::string test_path = options.test_path.empty() ? options.path : options.test_path;
  if (train.shape != test.shape) {
    throw ConfigurationError(options.path +
                             ": the images of the training and the test files differ in size");
  }
  test.keep_first(options.test, test_path, Half::test);
  const auto unseen = unseen_labels(train.labels, test.labels, names);
  if (!unseen.empty()) throw ConfigurationError(fmt::format("{}: {}", test_path, unseen));
  train.keep_first(options.train, options.path, Half::train);
  notice_left_out(options, train.labels, test.labels, names, notices);
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
      notice_left_out(options, data.train.labels, data.test.labels, {}, data.notices);
    });
    return data;
  }
  SampleHalves halves;
  collectively(world, [&] {
    if (world.is_root()) halves = read_halves(options);
  });
  RawSplit spread_train = spread(std::move(halves.train), world, holders);
  return {std::move(spread_train), spread(std::move(halves.test), world, holders),
          std::move(halves.notices)};
}

}  // namespace thalweg
