#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/philox.hpp"

namespace thalweg {

/// Some elements of a matrix, ascending by row, then column, none twice.
struct MatrixEntries {
  std::vector<std::int64_t> row;
  std::vector<std::int64_t> column;
  std::vector<double> value;

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(value.size()); }
  void reserve(std::int64_t count);
  /// Appends one element, which comes after those that are there. Local.
  void add(std::int64_t i, std::int64_t j, double entry);
  friend bool operator==(const MatrixEntries&, const MatrixEntries&) = default;
};

/// What an entry of an instance is for.
enum class MatrixPart : std::uint8_t { train, validation, test };

/// An instance of matrix completion.
struct MatrixSample {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  MatrixEntries train;
  MatrixEntries validation;
  MatrixEntries test;
  std::vector<double> truth;  ///< row-major, without noise; empty where only entries are known
  std::string description;    ///< one line for records and logs
  std::uint64_t hash = 0;     ///< of shape and all entries, see checksum_of

  [[nodiscard]] MatrixEntries& part(MatrixPart which);
};

/// Draws without replacement what each of `count` entries is for: `train` of them, `validation`
/// further ones, all others for test. They are the first of one shuffle, so fewer to train on are a
/// part of more. Local. Needs train + validation ≤ count.
[[nodiscard]] std::vector<MatrixPart> drawn_parts(std::int64_t count, std::int64_t train,
                                                  std::int64_t validation, Stream stream);

/// Of the shape and of the entries of each part, against data that change under a study. Local.
[[nodiscard]] std::uint64_t checksum_of(const MatrixSample& sample);

}  // namespace thalweg
