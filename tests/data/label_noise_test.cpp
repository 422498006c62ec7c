#include "data/label_noise.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kClasses = 5;

std::vector<std::int32_t> clean(std::size_t count) {
  std::vector<std::int32_t> labels(count);
  for (std::size_t i = 0; i < count; ++i) labels[i] = static_cast<std::int32_t>(i % kClasses);
  return labels;
}

double share_changed(const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b) {
  double changed = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) changed += a[i] != b[i] ? 1.0 : 0.0;
  return changed / static_cast<double>(a.size());
}

TEST(LabelNoise, NothingChangesAtProbabilityZero) {
  const auto labels = clean(100);
  EXPECT_EQ(with_random_labels(labels, kClasses, 0.0, 1), labels);
  EXPECT_EQ(with_label_noise(labels, kClasses, 0.0, 1), labels);
}

TEST(LabelNoise, CertainNoiseChangesEveryLabelToAnother) {
  const auto labels = clean(1000);
  const auto noisy = with_label_noise(labels, kClasses, 1.0, 1);
  EXPECT_EQ(share_changed(labels, noisy), 1.0);
  for (const auto label : noisy) {
    EXPECT_GE(label, 0);
    EXPECT_LT(label, kClasses);
  }
}

TEST(LabelNoise, SharesAreThoseOfTheFormulas) {
  constexpr std::size_t n = 40000;
  constexpr double p = 0.3;
  const auto labels = clean(n);
  const auto bound = [](double share) { return 5.0 * std::sqrt(share * (1.0 - share) / n); };
  EXPECT_NEAR(share_changed(labels, with_label_noise(labels, kClasses, p, 2)), p, bound(p));
  const double random = p * (1.0 - 1.0 / static_cast<double>(kClasses));
  EXPECT_NEAR(share_changed(labels, with_random_labels(labels, kClasses, p, 2)), random,
              bound(random));
}

TEST(LabelNoise, NewClassesAreUniform) {
  constexpr std::size_t n = 40000;
  const std::vector<std::int32_t> labels(n, 2);
  std::vector<double> counts(kClasses, 0.0);
  for (const auto label : with_label_noise(labels, kClasses, 1.0, 3)) {
    counts.at(static_cast<std::size_t>(label)) += 1.0;
  }
  EXPECT_EQ(counts[2], 0.0);
  for (const std::size_t c : {0U, 1U, 3U, 4U}) {
    EXPECT_NEAR(counts[c] / n, 0.25, 5.0 * std::sqrt(0.25 * 0.75 / n));
  }
}

TEST(LabelNoise, ASamplesLabelDependsOnItsNumberAndTheSeedAlone) {
  const auto longer = with_random_labels(clean(300), kClasses, 0.5, 4);
  const auto shorter = with_random_labels(clean(100), kClasses, 0.5, 4);
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), longer.begin()));
  EXPECT_NE(longer, with_random_labels(clean(300), kClasses, 0.5, 5));
}

TEST(LabelNoise, WhatHasNoMeaningIsRefused) {
  const auto labels = clean(10);
  EXPECT_THROW(static_cast<void>(with_random_labels(labels, kClasses, 1.5, 1)), Error);
  EXPECT_THROW(static_cast<void>(with_label_noise(labels, kClasses, std::nan(""), 1)), Error);
  EXPECT_THROW(static_cast<void>(with_label_noise(std::vector<std::int32_t>(3, 0), 1, 0.5, 1)),
               Error);
}

}  // namespace
}  // namespace thalweg
