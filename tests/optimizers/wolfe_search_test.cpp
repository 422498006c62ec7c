#include "optimizers/box/wolfe_search.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace thalweg {
namespace {

WolfeResult search(const std::function<double(double)>& value,
                   const std::function<double(double)>& slope, double first, double longest,
                   WolfeOptions options = {}) {
  const auto at = [&](double t) { return LinePoint{t, value(t), slope(t)}; };
  return wolfe_search(at, at(0.0), first, longest, options);
}

// The function of section 5 of the paper, f = −t/(t² + 2) with its minimum at √2, from first steps
// over six orders of magnitude.
TEST(WolfeSearch, MeetsBothConditionsFromAnyFirstStep) {
  const auto value = [](double t) { return -t / (t * t + 2.0); };
  const auto slope = [](double t) { return (t * t - 2.0) / ((t * t + 2.0) * (t * t + 2.0)); };
  WolfeOptions tight;
  tight.curvature = 0.1;
  for (const double first : {1e-3, 1e-1, 10.0, 1e3}) {
    const auto found = search(value, slope, first, 1e10, tight);
    EXPECT_EQ(found.exit, WolfeExit::conditions) << first;
    EXPECT_TRUE(found.decreased);
    EXPECT_LE(std::abs(found.best.slope), 0.1 * 0.5);
    EXPECT_LE(found.evaluations, 10);
  }
}

// What falls ever more steeply is followed to the longest step, fourfold at a time.
TEST(WolfeSearch, FollowsAFunctionThatBendsDown) {
  const auto found = search([](double t) { return -t - t * t; },
                            [](double t) { return -1.0 - 2.0 * t; }, 1.0, 500.0);
  EXPECT_EQ(found.exit, WolfeExit::longest);
  EXPECT_EQ(found.best.step, 500.0);
  EXPECT_LE(found.evaluations, 7);
}

// A wall of infinity between the first step and the minimum's side.
TEST(WolfeSearch, ComesBackFromWhereNothingIsFinite) {
  const auto value = [](double t) {
    return t < 0.2 ? (t - 0.1) * (t - 0.1) : std::numeric_limits<double>::quiet_NaN();
  };
  const auto found = search(
      value, [](double t) { return 2.0 * (t - 0.1); }, 1.0, 10.0, WolfeOptions{});
  EXPECT_TRUE(found.decreased);
  EXPECT_LT(found.best.value, 0.01);
}

TEST(WolfeSearch, GivesUpWhereTheSlopeIsALie) {
  const auto found = search([](double t) { return t; }, [](double) { return -1.0; }, 1.0, 10.0);
  EXPECT_FALSE(found.decreased);
  EXPECT_LE(found.evaluations, 20);
}

}  // namespace
}  // namespace thalweg
