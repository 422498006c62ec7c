#include "data/augmentation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>
#include <optional>
#include <vector>

#include "support/alone.hpp"

namespace thalweg {
namespace {

const ImageShape kShape{2, 5, 4};

/// Every pixel is another number, none is 0.
std::vector<float> numbered_image() {
  std::vector<float> image(static_cast<std::size_t>(kShape.features()));
  std::iota(image.begin(), image.end(), 1.0F);
  return image;
}

struct Move {
  std::int64_t down = 0;
  std::int64_t right = 0;
  bool flipped = false;
  auto operator<=>(const Move&) const = default;
};

/// The image with its content moved, then mirrored, written anew: content that leaves is lost, 0
/// comes in.
std::vector<float> moved(const std::vector<float>& image, const Move& move) {
  std::vector<float> result(image.size(), 0.0F);
  const auto at = [](std::int64_t c, std::int64_t y, std::int64_t x) {
    return static_cast<std::size_t>((c * kShape.height + y) * kShape.width + x);
  };
  for (std::int64_t c = 0; c < kShape.channels; ++c) {
    for (std::int64_t y = 0; y < kShape.height; ++y) {
      for (std::int64_t x = 0; x < kShape.width; ++x) {
        const std::int64_t to_y = y + move.down;
        std::int64_t to_x = x + move.right;
        if (to_y < 0 || to_y >= kShape.height || to_x < 0 || to_x >= kShape.width) continue;
        if (move.flipped) to_x = kShape.width - 1 - to_x;
        result[at(c, to_y, to_x)] = image[at(c, y, x)];
      }
    }
  }
  return result;
}

std::vector<float> augmented(const Augmentation& augmentation, std::uint64_t index) {
  auto image = numbered_image();
  std::vector<float> scratch(image.size());
  Stream stream(3, Purpose::augmentation, index);
  augment_image(augmentation, kShape, stream, std::span<float>(image), std::span<float>(scratch));
  return image;
}

/// The one move that makes `image` of the numbered image; none if there is no such.
std::optional<Move> move_of(const std::vector<float>& image, std::int64_t most) {
  std::optional<Move> found;
  for (std::int64_t down = -most; down <= most; ++down) {
    for (std::int64_t right = -most; right <= most; ++right) {
      for (const bool flipped : {false, true}) {
        const Move move{down, right, flipped};
        if (moved(numbered_image(), move) != image) continue;
        EXPECT_FALSE(found.has_value());
        found = move;
      }
    }
  }
  return found;
}

std::map<Move, int> counts(const Augmentation& augmentation, int draws) {
  std::map<Move, int> found;
  for (int k = 0; k < draws; ++k) {
    const auto move = move_of(augmented(augmentation, static_cast<std::uint64_t>(k)), 3);
    EXPECT_TRUE(move.has_value()) << "draw " << k;
    if (move) ++found[*move];
  }
  return found;
}

/// All moves, each as often as the others within five standard deviations.
void are_equally_frequent(const std::map<Move, int>& found, std::size_t moves, int draws) {
  EXPECT_EQ(found.size(), moves);
  const double mean = draws / static_cast<double>(moves);
  for (const auto& [move, count] : found) {
    EXPECT_LT(std::abs(count - mean), 5.0 * std::sqrt(mean))
        << move.down << ' ' << move.right << ' ' << move.flipped;
  }
}

TEST(Augmentation, ACropMovesTheContentUniformlyUpToItsPadding) {
  THALWEG_SKIP_UNLESS_ALONE();
  const auto found = counts({2, false}, 5000);
  are_equally_frequent(found, 25, 5000);
  for (const auto& [move, count] : found) {
    EXPECT_FALSE(move.flipped);
    EXPECT_LE(std::max(std::abs(move.down), std::abs(move.right)), 2);
  }
}

TEST(Augmentation, AFlipMirrorsHalfOfTheImages) {
  THALWEG_SKIP_UNLESS_ALONE();
  const auto found = counts({0, true}, 1000);
  are_equally_frequent(found, 2, 1000);
  for (const auto& [move, count] : found) EXPECT_EQ(move.down == 0 && move.right == 0, true);
}

TEST(Augmentation, BothAreDrawnApart) {
  THALWEG_SKIP_UNLESS_ALONE();
  are_equally_frequent(counts({1, true}, 4000), 18, 4000);
}

TEST(Augmentation, OffIsTheIdentity) {
  EXPECT_FALSE(Augmentation{}.is_on());
  for (std::uint64_t k = 0; k < 20; ++k) EXPECT_EQ(augmented({}, k), numbered_image());
}

TEST(Augmentation, FollowsItsStreamAlone) {
  const Augmentation both{2, true};
  for (std::uint64_t k = 0; k < 20; ++k) EXPECT_EQ(augmented(both, k), augmented(both, k));
}

}  // namespace
}  // namespace thalweg
