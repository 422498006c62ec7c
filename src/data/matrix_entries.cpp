#include "data/matrix_entries.hpp"

#include <algorithm>
#include <numeric>

#include "base/checksum.hpp"

namespace thalweg {

void MatrixEntries::reserve(std::int64_t count) {
  row.reserve(static_cast<std::size_t>(count));
  column.reserve(static_cast<std::size_t>(count));
  value.reserve(static_cast<std::size_t>(count));
}

void MatrixEntries::add(std::int64_t i, std::int64_t j, double entry) {
  row.push_back(i);
  column.push_back(j);
  value.push_back(entry);
}

MatrixEntries& MatrixSample::part(MatrixPart which) {
  if (which == MatrixPart::train) return train;
  return which == MatrixPart::validation ? validation : test;
}

std::vector<MatrixPart> drawn_parts(std::int64_t count, std::int64_t train, std::int64_t validation,
                                    Stream stream) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, stream);
  std::vector<MatrixPart> parts(order.size(), MatrixPart::test);
  const auto mark = [&](std::int64_t begin, std::int64_t end, MatrixPart part) {
    std::for_each(order.begin() + begin, order.begin() + end,
                  [&](std::int64_t entry) { parts[static_cast<std::size_t>(entry)] = part; });
  };
  mark(0, train, MatrixPart::train);
  mark(train, train + validation, MatrixPart::validation);
  return parts;
}

std::uint64_t checksum_of(const MatrixSample& sample) {
  std::vector<std::uint64_t> sums{static_cast<std::uint64_t>(sample.rows),
                                  static_cast<std::uint64_t>(sample.columns)};
  const auto add = [&](const auto& values) {
    sums.push_back(block_checksum(
        values.data(), static_cast<std::int64_t>(values.size() * sizeof(values.front()))));
  };
  for (const auto* entries : {&sample.train, &sample.validation, &sample.test}) {
    add(entries->row);
    add(entries->column);
    add(entries->value);
  }
  return block_checksum(sums.data(),
                        static_cast<std::int64_t>(sums.size() * sizeof(std::uint64_t)));
}

}  // namespace thalweg
