#include "data/glyphs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace thalweg {
namespace {

std::vector<std::uint8_t> drawn(const Glyphs& glyphs, std::int64_t index, std::int64_t size) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(size * size));
  glyphs.draw(index, pixels);
  return pixels;
}

TEST(Glyphs, LabelsAreThoseOfTheStream) {
  const Glyphs glyphs(0, 28);
  const std::vector<std::int32_t> first{3, 1, 0, 6, 5, 4, 1, 7, 4, 6};
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(glyphs.label(static_cast<std::int64_t>(i)), first[i]);
  }
}

TEST(Glyphs, LabelsAreEquallyLikely) {
  const Glyphs glyphs(5, 28);
  constexpr std::int64_t n = 20000;
  std::array<double, 10> counts{};
  for (std::int64_t i = 0; i < n; ++i) counts.at(static_cast<std::size_t>(glyphs.label(i))) += 1.0;
  double chi_squared = 0.0;
  for (const double count : counts)
    chi_squared += (count - n / 10.0) * (count - n / 10.0) / (n / 10.0);
  EXPECT_LT(chi_squared, 27.9);  // 9 degrees of freedom, p = 0.001; the seed is fixed
}

TEST(Glyphs, ASampleDependsOnSeedAndIndexAlone) {
  const Glyphs glyphs(3, 28);
  const auto sample = drawn(glyphs, 17, 28);
  drawn(glyphs, 18, 28);
  EXPECT_EQ(drawn(glyphs, 17, 28), sample);
  EXPECT_EQ(drawn(Glyphs(3, 28), 17, 28), sample);
  EXPECT_NE(drawn(glyphs, 18, 28), sample);
  EXPECT_NE(drawn(Glyphs(4, 28), 17, 28), sample);
}

TEST(Glyphs, AreDrawnAtAnySize) {
  for (const std::int64_t size : {8, 9, 28, 65}) {
    const Glyphs glyphs(0, size);
    for (std::int64_t i = 0; i < 30; ++i) {
      const auto pixels = drawn(glyphs, i, size);
      const auto bright =
          std::count_if(pixels.begin(), pixels.end(), [](auto p) { return p > 90; });
      const double share = static_cast<double>(bright) / static_cast<double>(pixels.size());
      EXPECT_GT(share, 0.01) << "size " << size << ", sample " << i;
      EXPECT_LT(share, 0.45) << "size " << size << ", sample " << i;
    }
  }
}

/// The nearest of the ten mean images is a poor classifier, but far from guessing: the pictures
/// show what their labels say.
TEST(Glyphs, ShowTheirDigits) {
  constexpr std::int64_t size = 28;
  constexpr std::size_t features = size * size;
  const Glyphs glyphs(1, size);
  std::array<std::vector<double>, 10> means;
  std::array<double, 10> counts{};
  for (auto& mean : means) mean.assign(features, 0.0);
  for (std::int64_t i = 0; i < 2000; ++i) {
    const auto digit = static_cast<std::size_t>(glyphs.label(i));
    const auto pixels = drawn(glyphs, i, size);
    for (std::size_t j = 0; j < features; ++j) means.at(digit)[j] += pixels[j];
    counts.at(digit) += 1.0;
  }
  for (std::size_t d = 0; d < 10; ++d) {
    for (double& m : means.at(d)) m /= counts.at(d);
  }
  std::int64_t wrong = 0;
  constexpr std::int64_t tests = 500;
  for (std::int64_t i = 0; i < tests; ++i) {
    const auto pixels = drawn(glyphs, Glyphs::test_offset + i, size);
    double best = std::numeric_limits<double>::infinity();
    std::int32_t guess = -1;
    for (std::size_t d = 0; d < 10; ++d) {
      double distance = 0.0;
      for (std::size_t j = 0; j < features; ++j) {
        const double e = pixels[j] - means.at(d)[j];
        distance += e * e;
      }
      if (distance < best) {
        best = distance;
        guess = static_cast<std::int32_t>(d);
      }
    }
    if (guess != glyphs.label(Glyphs::test_offset + i)) ++wrong;
  }
  const double error = static_cast<double>(wrong) / tests;
  EXPECT_LT(error, 0.45);
  EXPECT_GT(error, 0.10);
}

}  // namespace
}  // namespace thalweg
