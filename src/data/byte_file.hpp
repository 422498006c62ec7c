#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "data/byte_reader.hpp"

struct gzFile_s;

namespace thalweg {

/// A binary file; a name that ends in ".gz" is decompressed. Local.
class ByteFile final : public ByteReader {
 public:
  explicit ByteFile(std::string path);

  [[nodiscard]] std::int64_t most_bytes() const override { return most_bytes_; }

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };
  std::int64_t read_some(std::span<std::uint8_t> bytes) override;

  bool compressed_;
  std::int64_t most_bytes_ = 0;
  std::unique_ptr<gzFile_s, Close> file_;
};

}  // namespace thalweg
