#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "data/data_set.hpp"
#include "data/data_storage.hpp"
#include "data/load_raw.hpp"
#include "data/preprocess.hpp"

namespace thalweg {

namespace {

/// FNV-1a over 64-bit words, with a shift that lets high bits reach low ones.
class WordHash {
 public:
  void add(std::uint64_t word) {
    state_ = (state_ ^ word) * 0x100000001b3ULL;
    state_ ^= state_ >> 29;
  }
  [[nodiscard]] std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

template <class Real>
std::uint64_t bits_of(Real value) {
  if constexpr (std::is_same_v<Real, float>) {
    return std::bit_cast<std::uint32_t>(value);
  } else {
    return std::bit_cast<std::uint64_t>(value);
  }
}

/// Preprocesses this rank's samples into the node's window or its own rows, hashing each chunk.
template <class Real>
DataSplit<Real> finish(RawSplit raw, const Preprocess& preprocess,
                       std::shared_ptr<const Communicator> node, const Communicator& team,
                       WordHash& hash, std::uint64_t& half_hash) {
  const Communicator& holders = node ? *node : team;
  auto storage = std::make_unique<DataStorage<Real>>();
  storage->shape = raw.shape;
  storage->classes = raw.classes;
  storage->held = raw.held;
  storage->team = &team;
  const auto features = static_cast<std::size_t>(raw.shape.features());
  Real* to = nullptr;
  if (node) {
    const auto values = raw.size() * raw.shape.features();
    storage->node = std::move(node);
    storage->window.emplace(holders, values * static_cast<std::int64_t>(sizeof(Real)),
                            ", or set [data] placement = \"sharded\"");
    to = storage->window->template as<Real>().data() +
         static_cast<std::size_t>(raw.held.begin) * features;
  } else {
    storage->rows.resize(static_cast<std::size_t>(raw.held.size()) * features);
    to = storage->rows.data();
  }

  std::vector<double> rows;
  std::vector<std::uint64_t> chunk_hashes;
  for (std::int64_t begin = raw.held.begin; begin < raw.held.end; begin += kSampleChunk) {
    const std::int64_t end = std::min(begin + kSampleChunk, raw.held.end);
    rows.resize(static_cast<std::size_t>(end - begin) * features);
    for (std::int64_t sample = begin; sample < end; ++sample) {
      raw.read_row(sample, std::span<double>(rows).subspan(
                               static_cast<std::size_t>(sample - begin) * features, features));
    }
    preprocess.apply(rows);
    WordHash chunk;
    const double* x = rows.data();
    for (std::int64_t sample = begin; sample < end; ++sample) {
      chunk.add(static_cast<std::uint64_t>(raw.labels[static_cast<std::size_t>(sample)]));
      for (std::size_t j = 0; j < features; ++j) {
        *to = static_cast<Real>(*x++);
        chunk.add(bits_of(*to++));
      }
    }
    chunk_hashes.push_back(chunk.value());
  }
  if (storage->window) storage->window->fence();
  WordHash half;
  const auto add = [&](std::uint64_t word) {
    hash.add(word);
    half.add(word);
  };
  for (const std::int64_t number :
       {raw.shape.channels, raw.shape.height, raw.shape.width, raw.classes, raw.size()}) {
    add(static_cast<std::uint64_t>(number));
  }
  for (const auto word : holders.gather_all(std::span<const std::uint64_t>(chunk_hashes))) {
    add(word);
  }
  half_hash = half.value();
  storage->labels = std::move(raw.labels);
  return DataSplit<Real>(std::move(storage));
}

std::string describe(const DataOptions& options, const RawData& raw) {
  const ImageShape shape = raw.train.shape;
  std::string text = fmt::format("{}: {} training and {} test samples of {}{} x {}, {} classes",
                                 options.source, raw.train.size(), raw.test.size(),
                                 shape.channels > 1 ? fmt::format("{} x ", shape.channels) : "",
                                 shape.height, shape.width, raw.train.classes);
  const bool drawn = is_table(options.source) && options.test_path.empty();
  if (options.source == "glyphs") text += fmt::format(", seed {}", options.seed);
  if (drawn) text += fmt::format(", test samples drawn with seed {}", options.seed);
  if (options.source == "uci") text += fmt::format(", hold-out pair {}", options.split);
  const auto& steps = options.preprocess;
  if (!steps.empty()) text += ", " + comma_separated(steps);
  if (std::find(steps.begin(), steps.end(), "zca") != steps.end()) {
    text += fmt::format(" of epsilon {}", options.zca_epsilon);
  }
  return text;
}

}  // namespace

template <class Real>
DataSet<Real> load_data(const DataOptions& options, const Communicator& world,
                        const Communicator& team, const Log& log) {
  collectively(world, [&] { check_data_options(options); });
  std::shared_ptr<const Communicator> node;
  if (options.placement == Placement::node) {
    node = std::make_shared<const Communicator>(world.split_by_node());
  }
  const Communicator& holders = node ? *node : team;
  RawData raw = load_raw(options, world, holders);
  for (const auto& notice : raw.notices) log.warn(notice);
  const std::string description = describe(options, raw);
  const Preprocess preprocess(options.preprocess, raw.train, holders, options.zca_epsilon);
  for (const auto& notice : preprocess.notices()) log.info(notice);
  WordHash hash;
  std::uint64_t train_hash = 0;
  std::uint64_t test_hash = 0;
  auto train = finish<Real>(std::move(raw.train), preprocess, node, team, hash, train_hash);
  auto test = finish<Real>(std::move(raw.test), preprocess, node, team, hash, test_hash);
  return {std::move(train), std::move(test), description, hash.value(), train_hash, test_hash};
}

template DataSet<float> load_data(const DataOptions&, const Communicator&, const Communicator&,
                                  const Log&);
template DataSet<double> load_data(const DataOptions&, const Communicator&, const Communicator&,
                                   const Log&);

}  // namespace thalweg
