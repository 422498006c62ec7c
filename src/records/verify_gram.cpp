#include "records/verify_gram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/checksum.hpp"
#include "base/error.hpp"

namespace thalweg {

namespace {

struct Shape {
  std::int64_t rows = 0;  ///< of /gram
  std::int64_t columns = 0;
  std::int64_t block = 0;
  std::int64_t strips = 0;
};

std::optional<std::int64_t> positive(const RecordFile& file, const char* name) {
  const auto found = file.attributes().find(name);
  if (found == file.attributes().end()) return std::nullopt;
  const auto* value = std::get_if<std::int64_t>(&found->second);
  if (value == nullptr || *value < 1) return std::nullopt;
  return *value;
}

/// The strip's bytes as they were written: whole block columns, padded with zeros.
template <class Real>
std::uint64_t strip_checksum(const std::vector<Real>& file_rows, const Shape& shape,
                             std::int64_t panel) {
  const std::int64_t width = shape.block / shape.strips;
  std::vector<Real> strip(static_cast<std::size_t>(width * shape.block), Real{0});
  const std::int64_t first = panel * shape.block;
  const std::int64_t count = std::min(shape.block, shape.columns - first);
  const auto rows = static_cast<std::int64_t>(file_rows.size()) / shape.columns;
  for (std::int64_t row = 0; row < rows; ++row) {
    std::copy_n(file_rows.begin() + row * shape.columns + first, count,
                strip.begin() + row * shape.block);
  }
  return block_checksum(strip.data(),
                        width * shape.block * static_cast<std::int64_t>(sizeof(Real)));
}

template <class Real>
std::int64_t mismatches(const RecordFile& file, const Shape& shape,
                        const std::vector<std::uint8_t>& done,
                        const std::vector<std::int64_t>& checksums) {
  const std::int64_t width = shape.block / shape.strips;
  const std::int64_t panels = (shape.columns + shape.block - 1) / shape.block;
  std::int64_t wrong = 0;
  for (std::int64_t q = 0; q * width < shape.rows; ++q) {
    const auto values = file.read_rows("/gram", q * width, std::min((q + 1) * width, shape.rows));
    const auto& rows = std::get<std::vector<Real>>(values);
    for (std::int64_t panel = 0; panel < panels; ++panel) {
      const auto at = static_cast<std::size_t>(q * panels + panel);
      if (done[at] != 1) continue;
      const auto expected = static_cast<std::uint64_t>(checksums[at]);
      wrong += strip_checksum(rows, shape, panel) == expected ? 0 : 1;
    }
  }
  return wrong;
}

}  // namespace

void verify_gram(const RecordFile& file, const std::function<void(const std::string&)>& fault) {
  for (const char* name : {"/gram", "/done", "/checksum"}) {
    if (!file.arrays().contains(name)) return fault(fmt::format("{}: missing", name));
  }
  const auto& extent = file.arrays().at("/gram").what.shape;
  const auto block = positive(file, "block");
  const auto strips = positive(file, "strips");
  if (extent.size() != 2 || !block || !strips || *block % *strips != 0) {
    return fault("/gram: not a matrix in tiles (attributes block, strips)");
  }
  const Shape shape{extent[0], extent[1], *block, *strips};
  const ArrayValues done_values = file.read("/done").values;
  const ArrayValues checksum_values = file.read("/checksum").values;
  const auto* done = std::get_if<std::vector<std::uint8_t>>(&done_values);
  const auto* checksums = std::get_if<std::vector<std::int64_t>>(&checksum_values);
  const std::int64_t entries = (shape.rows + shape.block - 1) / shape.block * shape.strips *
                               ((shape.columns + shape.block - 1) / shape.block);
  if (done == nullptr || static_cast<std::int64_t>(done->size()) != entries) {
    return fault(fmt::format("/done: not a mask of {} strips", entries));
  }
  if (checksums == nullptr || checksums->size() != done->size()) {
    return fault(fmt::format("/checksum: not the checksums of {} strips", entries));
  }
  const auto unfinished = std::count(done->begin(), done->end(), std::uint8_t{0});
  if (unfinished > 0) {
    const auto wanted =
        std::count_if(done->begin(), done->end(), [](std::uint8_t mark) { return mark != 2; });
    fault(fmt::format("/done: {} of {} strips are unfinished", unfinished, wanted));
  }
  const ArrayValues sample = file.read_rows("/gram", 0, std::min<std::int64_t>(1, shape.rows));
  std::int64_t wrong = 0;
  if (std::holds_alternative<std::vector<double>>(sample)) {
    wrong = mismatches<double>(file, shape, *done, *checksums);
  } else if (std::holds_alternative<std::vector<float>>(sample)) {
    wrong = mismatches<float>(file, shape, *done, *checksums);
  } else {
    return fault("/gram: neither float32 nor float64");
  }
  if (wrong > 0) fault(fmt::format("/gram: {} strips do not match their checksums", wrong));
}

}  // namespace thalweg
