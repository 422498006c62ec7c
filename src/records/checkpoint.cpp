#include "records/checkpoint.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>

#include "base/error.hpp"
#include "records/atomic_file.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

constexpr const char* kChecksum = "checksum";

/// FNV-1a over 64-bit words with a rotation. Each step is a bijection of the state for a given
/// word, so no change of a single word goes unseen.
class Checksum {
 public:
  void word(std::uint64_t value) { state_ = std::rotl((state_ ^ value) * 0x9e3779b97f4a7c15U, 29); }
  void bytes(const void* data, std::size_t size) {
    word(size);
    const auto* at = static_cast<const unsigned char*>(data);
    for (; size >= sizeof(std::uint64_t);
         size -= sizeof(std::uint64_t), at += sizeof(std::uint64_t)) {
      std::uint64_t value = 0;
      std::memcpy(&value, at, sizeof(value));
      word(value);
    }
    std::uint64_t tail = 0;
    if (size > 0) std::memcpy(&tail, at, size);
    word(tail);
  }
  void text(const std::string& value) { bytes(value.data(), value.size()); }
  void texts(const std::vector<std::string>& values) {
    word(values.size());
    for (const auto& value : values) text(value);
  }
  void attributes(const Attributes& all) {
    for (const auto& [name, value] : all) {
      if (name == kChecksum) continue;
      text(name);
      word(value.index());
      if (const auto* one = std::get_if<std::string>(&value)) text(*one);
      if (const auto* whole = std::get_if<std::int64_t>(&value))
        word(static_cast<std::uint64_t>(*whole));
      if (const auto* number = std::get_if<double>(&value))
        word(std::bit_cast<std::uint64_t>(*number));
      if (const auto* many = std::get_if<std::vector<std::string>>(&value)) texts(*many);
    }
    word(0);
  }
  void array(const Array& array) {
    word(array.values.index());
    std::visit(
        [&](const auto& values) {
          using T = typename std::decay_t<decltype(values)>::value_type;
          if constexpr (std::is_same_v<T, std::string>) {
            texts(values);
          } else {
            bytes(values.data(), values.size() * sizeof(T));
          }
        },
        array.values);
    for (const auto extent : array.shape) word(static_cast<std::uint64_t>(extent));
    texts(array.dimensions);
    text(array.units);
    text(array.long_name);
  }
  [[nodiscard]] std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325U;
};

std::string next_name(const std::string& path) {
  return path + ".next";
}
std::string previous_name(const std::string& path) {
  return path + ".previous";
}

void rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    throw Error(fmt::format("{}: cannot be renamed to {}: {}", from, to, std::strerror(errno)));
  }
}

}  // namespace

std::string record_checksum(const Record& record) {
  Checksum sum;
  sum.attributes(record.attributes);
  for (const auto& [name, attributes] : record.group_attributes) {
    if (attributes.empty()) continue;  // an empty one cannot be told from none in a file
    sum.text(name);
    sum.attributes(attributes);
  }
  for (const auto& [name, array] : record.arrays) {
    sum.text(name);
    sum.array(array);
  }
  for (const auto& [name, target] : record.external_links) {
    sum.text(name);
    sum.text(target);
  }
  return fmt::format("{:016x}", sum.value());
}

void write_checkpoint(const std::string& path, const Record& record) {
  Record stamped = record;
  stamped.attributes[kChecksum] = record_checksum(record);
  write_record(next_name(path), stamped);
  // The present generation gets its second name before it loses the first.
  const std::string link = previous_name(path) + ".link";
  ::unlink(link.c_str());
  if (::link(path.c_str(), link.c_str()) == 0) {
    rename_file(link, previous_name(path));
    ::unlink(link.c_str());  // a rename between two names of one file leaves both
  } else if (errno != ENOENT) {
    // A file system without hard links: for a moment PATH.next and PATH.previous are the whole
    // ones.
    rename_file(path, previous_name(path));
  }
  rename_file(next_name(path), path);
  const auto parent = fs::path(path).parent_path();
  sync_folder(parent.empty() ? "." : parent.string());
}

std::optional<Record> read_newest_checkpoint(const std::string& path, CheckpointSource* source) {
  CheckpointSource found;
  std::optional<Record> result;
  // PATH.next exists only between its own completion and the renames, so it is newer than PATH.
  for (const auto& name : {next_name(path), path, previous_name(path)}) {
    if (!fs::exists(name)) continue;
    try {
      Record record = read_record(name);
      const auto stamp = record.attributes.find(kChecksum);
      if (stamp == record.attributes.end()) throw Error(name + ": has no checksum");
      if (stamp->second != AttributeValue(record_checksum(record))) {
        throw Error(name + ": its checksum does not match its contents");
      }
      record.attributes.erase(stamp);
      found.file = name;
      result = std::move(record);
      break;
    } catch (const std::exception& error) {
      // Broken bytes may also ask for absurd amounts of memory: whatever it is, an older one may be
      // whole.
      found.skipped.emplace_back(error.what());
    }
  }
  if (source != nullptr) *source = found;
  return result;
}

void remove_checkpoint(const std::string& path) {
  std::error_code ignored;
  for (const auto& name : {path, next_name(path), previous_name(path)}) fs::remove(name, ignored);
}

}  // namespace thalweg
