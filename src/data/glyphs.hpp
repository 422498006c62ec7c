#pragma once

#include <cstdint>
#include <span>

namespace thalweg {

/// A built-in data set like MNIST, for work without files: grey images of the ten digits, drawn
/// from strokes with random form, place, slant, thickness and noise. Sample i of seed s is a pure
/// function of (s, i), so any rank can draw any part.
class Glyphs {
 public:
  static constexpr std::int64_t classes = 10;
  static constexpr std::int64_t smallest_size = 8;
  static constexpr std::int64_t largest_size = 1024;
  /// Test sample k is sample test_offset + k: the test set does not depend on the training count.
  static constexpr std::int64_t test_offset = std::int64_t{1} << 40;

  /// `size`: height and width in pixels.
  Glyphs(std::uint64_t seed, std::int64_t size) : seed_(seed), size_(size) {}

  /// The digit that sample `index` shows; all ten are equally likely. Local.
  [[nodiscard]] std::int32_t label(std::int64_t index) const;
  /// Draws sample `index` to size × size bytes, row by row; 0 is black. Local.
  void draw(std::int64_t index, std::span<std::uint8_t> pixels) const;

 private:
  std::uint64_t seed_;
  std::int64_t size_;
};

}  // namespace thalweg
