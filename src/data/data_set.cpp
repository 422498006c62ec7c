#include "data/data_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "data/data_storage.hpp"

namespace thalweg {

template <class Real>
DataSplit<Real>::DataSplit(std::unique_ptr<const DataStorage<Real>> storage)
    : storage_(std::move(storage)) {}
template <class Real>
DataSplit<Real>::DataSplit(DataSplit&&) noexcept = default;
template <class Real>
DataSplit<Real>& DataSplit<Real>::operator=(DataSplit&&) noexcept = default;
template <class Real>
DataSplit<Real>::~DataSplit() = default;

template <class Real>
std::int64_t DataSplit<Real>::size() const {
  return static_cast<std::int64_t>(storage_->labels.size());
}
template <class Real>
std::int64_t DataSplit<Real>::features() const {
  return storage_->shape.features();
}
template <class Real>
std::int64_t DataSplit<Real>::classes() const {
  return storage_->classes;
}
template <class Real>
ImageShape DataSplit<Real>::shape() const {
  return storage_->shape;
}
template <class Real>
std::span<const std::int32_t> DataSplit<Real>::labels() const {
  return storage_->labels;
}

template <class Real>
std::span<const Real> DataSplit<Real>::all_rows() const {
  if (!storage_->window) {
    throw Error("the data are sharded over ranks; this needs [data] placement = \"node\"");
  }
  return storage_->window->template as<const Real>();
}

namespace {

/// Rows asked of one rank by another, packed in the order in which they are wanted.
template <class Real>
class Exchange {
 public:
  Exchange(const DataStorage<Real>& storage, std::span<const std::int64_t> samples)
      : storage_(storage),
        samples_(samples),
        features_(static_cast<std::size_t>(storage.shape.features())) {}

  void run(Range mine, std::span<Real> rows) const {
    constexpr int tag = 42;
    const Communicator& team = *storage_.team;
    const std::array<std::int64_t, 2> my_range{mine.begin, mine.end};
    const auto ranges = team.gather_all(std::span<const std::int64_t>(my_range));
    std::vector<MPI_Request> requests;
    std::vector<std::vector<Real>> incoming(static_cast<std::size_t>(team.size()));
    std::vector<std::vector<Real>> outgoing(incoming.size());
    for (int rank = 0; rank < team.size(); ++rank) {
      const auto at = static_cast<std::size_t>(rank);
      incoming[at].resize(wanted(mine, rank) * features_);
      if (rank != team.rank()) team.start_receive(std::span(incoming[at]), rank, tag, requests);
    }
    for (int rank = 0; rank < team.size(); ++rank) {
      const auto at = static_cast<std::size_t>(rank);
      auto& packed = rank == team.rank() ? incoming[at] : outgoing[at];
      pack({ranges[2 * at], ranges[2 * at + 1]}, packed);
      if (rank != team.rank()) {
        team.start_send(std::span<const Real>(packed), rank, tag, requests);
      }
    }
    Communicator::wait_all(requests);
    unpack(mine, incoming, rows);
  }

 private:
  [[nodiscard]] std::int64_t sample(std::int64_t k) const {
    return samples_[static_cast<std::size_t>(k)];
  }

  [[nodiscard]] std::size_t wanted(Range range, int owner) const {
    std::size_t count = 0;
    for (std::int64_t k = range.begin; k < range.end; ++k) {
      if (storage_.owner(sample(k)) == owner) ++count;
    }
    return count;
  }

  void pack(Range wanted_range, std::vector<Real>& packed) const {
    const Range held = storage_.held;
    packed.clear();
    for (std::int64_t k = wanted_range.begin; k < wanted_range.end; ++k) {
      const std::int64_t i = sample(k);
      if (i < held.begin || i >= held.end) continue;
      const auto* row = storage_.rows.data() + static_cast<std::size_t>(i - held.begin) * features_;
      packed.insert(packed.end(), row, row + features_);
    }
  }

  void unpack(Range mine, const std::vector<std::vector<Real>>& incoming,
              std::span<Real> rows) const {
    std::vector<const Real*> next;
    next.reserve(incoming.size());
    for (const auto& packed : incoming) next.push_back(packed.data());
    auto to = rows.begin();
    for (std::int64_t k = mine.begin; k < mine.end; ++k) {
      const Real*& from = next[static_cast<std::size_t>(storage_.owner(sample(k)))];
      to = std::copy(from, from + features_, to);
      from += features_;
    }
  }

  const DataStorage<Real>& storage_;
  std::span<const std::int64_t> samples_;
  std::size_t features_;
};

}  // namespace

template <class Real>
void DataSplit<Real>::fetch(std::span<const std::int64_t> samples, Range mine, std::span<Real> rows,
                            std::span<std::int32_t> labels) const {
  const auto features = static_cast<std::size_t>(this->features());
  // Every rank sees all of `samples`, so a bad one is found by all and nobody waits for a message.
  for (const std::int64_t i : samples) {
    if (i < 0 || i >= size()) {
      throw Error(fmt::format("sample {} was asked for, but there are {}", i, size()));
    }
  }
  const auto count = static_cast<std::size_t>(mine.size());
  if (mine.begin < 0 || mine.size() < 0 || mine.end > static_cast<std::int64_t>(samples.size()) ||
      rows.size() < count * features || labels.size() < count) {
    throw Error(
        fmt::format("samples {} to {} of {} were asked for, with room for {} values and {} labels",
                    mine.begin, mine.end, samples.size(), rows.size(), labels.size()));
  }
  const auto own = samples.subspan(static_cast<std::size_t>(mine.begin), count);
  for (std::size_t k = 0; k < count; ++k) {
    labels[k] = storage_->labels[static_cast<std::size_t>(own[k])];
  }
  if (!storage_->window) {
    Exchange<Real>(*storage_, samples).run(mine, rows);
    return;
  }
  const auto all = all_rows();
  for (std::size_t k = 0; k < count; ++k) {
    const auto* from = all.data() + static_cast<std::size_t>(own[k]) * features;
    std::copy(from, from + features, rows.data() + k * features);
  }
}

template class DataSplit<float>;
template class DataSplit<double>;

}  // namespace thalweg
