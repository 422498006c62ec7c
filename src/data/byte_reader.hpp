#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace thalweg {

/// Bytes read from their beginning. Every error is a ConfigurationError that names the file, what
/// was found and what was expected. Local.
class ByteReader {
 public:
  explicit ByteReader(std::string path) : path_(std::move(path)) {}
  ByteReader(const ByteReader&) = delete;
  ByteReader& operator=(const ByteReader&) = delete;
  virtual ~ByteReader() = default;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// An upper bound of how many bytes there can be, known before reading them.
  [[nodiscard]] virtual std::int64_t most_bytes() const = 0;
  /// Fills `bytes`; `what` names them in the message if they end first or their checksum fails.
  void read(std::span<std::uint8_t> bytes, const std::string& what);
  /// Everything from here to the end.
  std::string read_rest();
  /// Throws unless all was read; a compressed file's checksum has been verified then.
  void expect_end();
  [[noreturn]] void fail(const std::string& message) const;

 protected:
  [[nodiscard]] std::int64_t position() const { return position_; }
  /// Reads up to bytes.size(); fewer only at the end.
  virtual std::int64_t read_some(std::span<std::uint8_t> bytes) = 0;

 private:
  std::int64_t advance(std::span<std::uint8_t> bytes);
  std::string path_;
  std::int64_t position_ = 0;
};

/// Bytes in memory: a part of a file that was read before, called `path` in messages.
class ByteArray final : public ByteReader {
 public:
  ByteArray(std::string path, std::vector<std::uint8_t> bytes)
      : ByteReader(std::move(path)), bytes_(std::move(bytes)) {}
  [[nodiscard]] std::int64_t most_bytes() const override {
    return static_cast<std::int64_t>(bytes_.size());
  }

 private:
  std::int64_t read_some(std::span<std::uint8_t> bytes) override;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace thalweg
