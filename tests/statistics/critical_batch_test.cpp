#include "statistics/critical_batch.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "base/philox.hpp"

namespace thalweg {
namespace {

std::vector<BatchSteps> curve(double least_steps, double least_samples) {
  std::vector<BatchSteps> points;
  for (double batch = 8.0; batch <= 4096.0; batch *= 2.0) {
    points.push_back({batch, least_steps + least_samples / batch});
  }
  return points;
}

TEST(CriticalBatch, ExactPointsGiveTheirCurveBack) {
  const auto fit = fit_critical_batch(curve(120.0, 64000.0));
  EXPECT_TRUE(fit.converged);
  EXPECT_TRUE(fit.inside);
  EXPECT_NEAR(fit.least_steps, 120.0, 1e-8 * 120.0);
  EXPECT_NEAR(fit.least_samples, 64000.0, 1e-8 * 64000.0);
  EXPECT_NEAR(fit.critical_batch, 64000.0 / 120.0, 1e-8 * 64000.0 / 120.0);
  EXPECT_LT(fit.residual, 1e-10);
  EXPECT_LT(fit.least_steps_error, 1e-6);
  // The published form of the same curve.
  for (const auto& point : curve(120.0, 64000.0)) {
    const double left = (point.steps / fit.least_steps - 1.0) *
                        (point.steps * point.batch / fit.least_samples - 1.0);
    EXPECT_NEAR(left, 1.0, 1e-6);
  }
}

// S_min = 1000, E_min = 300 at batches from 5 to 40: the curve is found, its bend is not among
// them.
TEST(CriticalBatch, OneOutsideOfTheBatchesIsExtrapolated) {
  for (const double critical : {0.3, 4.9, 5.1, 17.0, 39.0, 41.0, 900.0}) {
    std::vector<BatchSteps> points;
    for (const double batch : {40.0, 5.0, 10.0, 20.0}) {
      points.push_back({batch, 1000.0 * (1.0 + critical / batch)});
    }
    const auto fit = fit_critical_batch(points);
    EXPECT_TRUE(fit.converged) << critical;
    EXPECT_NEAR(fit.critical_batch, critical, 1e-6 * critical);
    EXPECT_EQ(fit.inside, critical > 5.0 && critical < 40.0) << critical;
  }
}

TEST(CriticalBatch, TwoPointsHaveNoErrors) {
  const std::vector<BatchSteps> points{{10.0, 110.0}, {100.0, 20.0}};
  const auto fit = fit_critical_batch(points);
  EXPECT_NEAR(fit.least_steps, 10.0, 1e-8);
  EXPECT_NEAR(fit.least_samples, 1000.0, 1e-6);
  EXPECT_TRUE(std::isnan(fit.least_steps_error));
}

// Over many noisy copies the errors that the fit states are those that it makes.
TEST(CriticalBatch, StatedErrorsAreThoseMade) {
  constexpr int copies = 400;
  double square = 0.0;
  double stated = 0.0;
  double mean = 0.0;
  for (int copy = 0; copy < copies; ++copy) {
    Stream stream(5, Purpose::test, static_cast<std::uint64_t>(copy));
    auto points = curve(120.0, 64000.0);
    for (auto& point : points) point.steps *= std::exp(0.05 * stream.normal());
    const auto fit = fit_critical_batch(points);
    EXPECT_TRUE(fit.converged);
    const double gap = std::log(fit.critical_batch / (64000.0 / 120.0));
    mean += gap / copies;
    square += gap * gap / copies;
    const double error = fit.critical_batch_error / fit.critical_batch;
    stated += error * error / copies;
  }
  EXPECT_NEAR(mean, 0.0, 4.0 * std::sqrt(square / copies));
  EXPECT_NEAR(square / stated, 1.0, 0.3);
}

TEST(CriticalBatch, WhatWantsATermOfZeroHasNotConverged) {
  std::vector<BatchSteps> perfect;  // twice the batch, half of the steps
  std::vector<BatchSteps> constant;
  for (double batch = 8.0; batch <= 1024.0; batch *= 2.0) {
    perfect.push_back({batch, 50000.0 / batch});
    constant.push_back({batch, 300.0});
  }
  EXPECT_FALSE(fit_critical_batch(perfect).converged);
  EXPECT_FALSE(fit_critical_batch(perfect).inside);
  EXPECT_FALSE(fit_critical_batch(constant).converged);
}

TEST(CriticalBatch, WhatMakesNoCurveIsRefused) {
  const std::vector<BatchSteps> one{{8.0, 100.0}, {8.0, 110.0}};
  EXPECT_THROW(static_cast<void>(fit_critical_batch(one)), Error);
  const std::vector<BatchSteps> zero{{8.0, 100.0}, {16.0, 0.0}};
  EXPECT_THROW(static_cast<void>(fit_critical_batch(zero)), Error);
}

}  // namespace
}  // namespace thalweg
