#include "kernels/gram_store.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "base/checksum.hpp"
#include "base/error.hpp"
#include "kernels/gram_layout.hpp"
#include "kernels/gram_marks.hpp"
#include "records/atomic_file.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {
constexpr double kFlushInterval_s = 10.0;
constexpr std::int64_t kStripsReadBack = 16;
}  // namespace

GramStore::GramStore(const Communicator& comm, std::string path, GramIdentity identity,
                     const Attributes& provenance, bool resume)
    : comm_(&comm),
      path_(std::move(path)),
      partial_(path_ + ".partial"),
      identity_(std::move(identity)) {
  GramFileLayout layout;
  collectively(comm, [&] {
    if (comm.is_root()) open_on_root(layout, provenance, resume);
  });
  share(layout);
  collectively(comm, [&] {
    const std::string& name = sealed_ ? path_ : partial_;
    file_.emplace(name, sealed_ ? O_RDONLY : O_RDWR);
  });
}

void GramStore::open_on_root(GramFileLayout& layout, const Attributes& provenance, bool resume) {
  if (resume && fs::exists(path_)) {
    layout = read_gram_layout(path_, identity_);
    sealed_ = true;
    return;
  }
  if (!resume || !fs::exists(partial_)) {
    remove_gram_marks(path_);
    // Laid out under a third name: a file called .partial is always usable.
    const std::string draft = partial_name(path_);
    create_gram_file(draft, identity_, provenance);
    fs::rename(draft, partial_);
    sync_folder(fs::path(path_).parent_path().string());
  }
  layout = read_gram_layout(partial_, identity_);
  if (read_gram_marks(path_, layout) == 0) return;
  write_gram_marks(partial_, layout);
  remove_gram_marks(path_);
}

void GramStore::share(GramFileLayout& layout) {
  const auto tiles = static_cast<std::size_t>(identity_.row_panels() * identity_.column_panels());
  const auto entries = tiles * static_cast<std::size_t>(identity_.strips);
  layout.tile_offsets.resize(tiles);
  layout.done.resize(entries);
  layout.checksums.resize(entries);
  std::array<std::int64_t, 3> places{layout.done_offset, layout.checksum_offset, sealed_ ? 1 : 0};
  comm_->broadcast(std::span<std::int64_t>(layout.tile_offsets));
  comm_->broadcast(std::span<std::uint8_t>(layout.done));
  comm_->broadcast(std::span<std::uint64_t>(layout.checksums));
  comm_->broadcast(std::span<std::int64_t>(places));
  tile_offsets_ = std::move(layout.tile_offsets);
  done_ = std::move(layout.done);
  checksums_ = std::move(layout.checksums);
  done_offset_ = places[0];
  checksum_offset_ = places[1];
  sealed_ = places[2] != 0;
}

std::int64_t GramStore::entry(StripPlace place) const {
  return (place.column * identity_.strips + place.strip) * identity_.row_panels() + place.row;
}

std::int64_t GramStore::offset(std::int64_t entry) const {
  const std::int64_t row = entry % identity_.row_panels();
  const std::int64_t strips_before = entry / identity_.row_panels();
  const std::int64_t tile = strips_before / identity_.strips * identity_.row_panels() + row;
  return tile_offsets_[static_cast<std::size_t>(tile)] +
         strips_before % identity_.strips * identity_.strip_bytes();
}

bool GramStore::done(StripPlace place) const {
  return done_[static_cast<std::size_t>(entry(place))] == kWritten;
}

std::int64_t GramStore::done_count() const {
  return std::count(done_.begin(), done_.end(), kWritten);
}

bool GramStore::read(StripPlace place, void* strip) const {
  const std::int64_t at = entry(place);
  file_->read_at(offset(at), strip, identity_.strip_bytes());
  return block_checksum(strip, identity_.strip_bytes()) == checksums_[static_cast<std::size_t>(at)];
}

void GramStore::write(StripPlace place, const void* strip) {
  if (sealed_) throw Error(path_ + ": complete, yet one of its tiles does not match its checksum");
  const std::int64_t at = entry(place);
  file_->write_at(offset(at), strip, identity_.strip_bytes());
  const std::uint64_t checksum = block_checksum(strip, identity_.strip_bytes());
  checksums_[static_cast<std::size_t>(at)] = checksum;
  pending_.push_back(at);
  written_.push_back(at);
}

void GramStore::flush() {
  if (!pending_.empty()) {
    file_->sync_data();
    if (!marks_) marks_.emplace(gram_marks_of(path_, comm_->rank()), kGramMarkValues);
    for (const std::int64_t at : pending_) {
      append_gram_mark(*marks_, at, checksums_[static_cast<std::size_t>(at)]);
      done_[static_cast<std::size_t>(at)] = kWritten;
    }
    pending_.clear();
  }
  last_flush_s_ = watch_.elapsed_s();
}

void GramStore::flush_if_due() {
  if (watch_.elapsed_s() - last_flush_s_ >= kFlushInterval_s) flush();
}

void GramStore::gather_marks() {
  std::vector<std::uint64_t> mine;
  for (const std::int64_t at : written_) {
    mine.push_back(static_cast<std::uint64_t>(at));
    mine.push_back(checksums_[static_cast<std::size_t>(at)]);
  }
  const auto all = comm_->gather_all(std::span<const std::uint64_t>(mine));
  for (std::size_t k = 0; k < all.size(); k += 2) {
    done_[static_cast<std::size_t>(all[k])] = kWritten;
    checksums_[static_cast<std::size_t>(all[k])] = all[k + 1];
  }
}

void GramStore::seal() {
  if (sealed_) return;
  collectively(*comm_, [&] {
    flush();
    file_->sync();
    std::vector<char> strip(static_cast<std::size_t>(identity_.strip_bytes()));
    const auto count = static_cast<std::int64_t>(written_.size());
    const std::int64_t samples = std::min(count, kStripsReadBack);
    for (std::int64_t k = 0; k < samples; ++k) {
      const std::int64_t at = written_[static_cast<std::size_t>(k * count / samples)];
      file_->read_at(offset(at), strip.data(), identity_.strip_bytes());
      if (block_checksum(strip.data(), identity_.strip_bytes()) !=
          checksums_[static_cast<std::size_t>(at)]) {
        throw Error(partial_ +
                    ": a tile read back differs from what was written; is the disk sound?");
      }
    }
  });
  gather_marks();
  GramFileLayout layout;
  collectively(*comm_, [&] {
    if (!comm_->is_root()) return;
    layout = read_gram_layout(partial_, identity_);
    layout.done = done_;
    layout.checksums = checksums_;
    if (std::count(done_.begin(), done_.end(), kMissing) > 0) {
      throw Error(partial_ + ": sealed before its last tile was written");
    }
    write_gram_marks(partial_, layout);
    seal_gram_file(partial_, layout, identity_);
    fs::rename(partial_, path_);
    sync_folder(fs::path(path_).parent_path().string());
    remove_gram_marks(path_);
  });
  sealed_ = true;
  share(layout);
}

}  // namespace thalweg
