#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct gzFile_s;

namespace thalweg {

/// A binary file read from its beginning; a name that ends in ".gz" is decompressed. Every error is
/// a ConfigurationError that names the file, what was found and what was expected. Local.
class ByteFile {
 public:
  explicit ByteFile(std::string path);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// An upper bound of the bytes that the file can hold once decompressed, known before reading it.
  [[nodiscard]] std::int64_t most_bytes() const { return most_bytes_; }
  /// Fills `bytes`; `what` names them in the message if the file ends first or its checksum fails.
  void read(std::span<std::uint8_t> bytes, const std::string& what);
  /// Everything from here to the end.
  std::string read_rest();
  /// Throws unless all was read; a compressed file's checksum has been verified then.
  void expect_end();
  [[noreturn]] void fail(const std::string& message) const;

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };
  /// Reads up to bytes.size(); fewer only at the end.
  std::int64_t read_some(std::span<std::uint8_t> bytes);

  std::string path_;
  bool compressed_;
  std::int64_t most_bytes_ = 0;
  std::int64_t position_ = 0;
  std::unique_ptr<gzFile_s, Close> file_;
};

}  // namespace thalweg
