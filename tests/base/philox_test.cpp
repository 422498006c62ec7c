#include "base/philox.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace thalweg {
namespace {

// Random123's known-answer file kat_vectors: philox4x32 10, counter and key all zero.
TEST(Stream, FirstBlockIsThatOfTheReferenceGenerator) {
  Stream stream(0, Purpose::test, 0);
  EXPECT_EQ(stream.next_u32(), 0x6627e8d5U);
  EXPECT_EQ(stream.next_u32(), 0xe169c58dU);
  EXPECT_EQ(stream.next_u32(), 0xbc57ac4cU);
  EXPECT_EQ(stream.next_u32(), 0x9b00dbd8U);
}

TEST(Stream, IsAFunctionOfSeedPurposeAndIndex) {
  const auto first = [](std::uint64_t seed, Purpose purpose, std::uint64_t index) {
    return Stream(seed, purpose, index).next_u64();
  };
  EXPECT_EQ(first(7, Purpose::shuffle, 3), first(7, Purpose::shuffle, 3));
  EXPECT_NE(first(7, Purpose::shuffle, 3), first(8, Purpose::shuffle, 3));
  EXPECT_NE(first(7, Purpose::shuffle, 3), first(7, Purpose::glyphs, 3));
  EXPECT_NE(first(7, Purpose::shuffle, 3), first(7, Purpose::shuffle, 4));
  EXPECT_NE(first(7, Purpose::shuffle, 3), first(7 + (1ULL << 40), Purpose::shuffle, 3));
  EXPECT_NE(first(7, Purpose::shuffle, 3), first(7, Purpose::shuffle, 3 + (1ULL << 40)));
}

TEST(Stream, MomentsAreThoseOfTheDistributions) {
  constexpr int n = 100000;
  Stream stream(1, Purpose::test, 1);
  double sum = 0.0;
  double squares = 0.0;
  double fourth = 0.0;
  for (int i = 0; i < n; ++i) {
    const double x = stream.normal();
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
  }
  EXPECT_NEAR(sum / n, 0.0, 5.0 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 1.0, 5.0 * std::sqrt(2.0 / n));
  EXPECT_NEAR(fourth / n, 3.0, 5.0 * std::sqrt(96.0 / n));
  double mean = 0.0;
  for (int i = 0; i < n; ++i) mean += stream.uniform(2.0, 4.0) / n;
  EXPECT_NEAR(mean, 3.0, 5.0 * 2.0 / std::sqrt(12.0 * n));
}

TEST(Stream, BelowIsUniform) {
  Stream stream(1, Purpose::test, 2);
  std::vector<int> counts(7, 0);
  constexpr int n = 70000;
  for (int i = 0; i < n; ++i) ++counts[stream.below(7)];
  double chi_squared = 0.0;
  for (const int count : counts) chi_squared += (count - n / 7.0) * (count - n / 7.0) / (n / 7.0);
  EXPECT_LT(chi_squared, 22.5);  // 99.9 % point of six degrees of freedom
}

TEST(Shuffle, PermutesAndDependsOnTheStream) {
  std::vector<std::int64_t> values(100);
  std::iota(values.begin(), values.end(), 0);
  auto other = values;
  Stream a(1, Purpose::shuffle, 0);
  Stream b(1, Purpose::shuffle, 1);
  shuffle(values, a);
  shuffle(other, b);
  EXPECT_NE(values, other);
  std::sort(values.begin(), values.end());
  for (std::int64_t i = 0; i < 100; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
}

}  // namespace
}  // namespace thalweg
