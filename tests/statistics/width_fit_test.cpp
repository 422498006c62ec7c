#include "statistics/width_fit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "base/error.hpp"

namespace thalweg {
namespace {

TEST(PowerLaw, ExactPowersHaveNoError) {
  const std::array<double, 4> x{1, 4, 9, 25};
  const std::array<double, 4> y{3, 1.5, 1, .6};
  const PowerLaw law = fit_power_law(x, y);
  EXPECT_NEAR(law.exponent, -.5, 1e-14);
  EXPECT_NEAR(law.exponent_error, 0.0, 1e-14);
  EXPECT_NEAR(std::exp(law.log_prefactor), 3.0, 1e-13);
}

// ln x = 0, 1, 2, ln y = 0, −1, 0: slope 0, residual sum 2/3, standard error √(2/3/1/2).
TEST(PowerLaw, StandardErrorByHand) {
  const double e = std::exp(1.0);
  const std::array<double, 3> x{1, e, e * e};
  const std::array<double, 3> y{1, 1 / e, 1};
  const PowerLaw law = fit_power_law(x, y);
  EXPECT_NEAR(law.exponent, 0.0, 1e-14);
  EXPECT_NEAR(law.exponent_error, std::sqrt(1.0 / 3.0), 1e-14);
  EXPECT_NEAR(law.log_prefactor, -1.0 / 3.0, 1e-14);
}

TEST(PowerLaw, RefusesWhatHasNoLine) {
  const std::array<double, 3> same{2, 2, 2};
  const std::array<double, 3> zero{1, 0, 2};
  const std::array<double, 2> two{1, 2};
  EXPECT_THROW(fit_power_law(same, zero), Error);
  EXPECT_THROW(fit_power_law(same, same), Error);
  EXPECT_THROW(fit_power_law(two, two), Error);
}

TEST(PowerLaw, Verdicts) {
  const auto verdict = [](double exponent, double error, Expectation expectation) {
    return verdict_of({exponent, error, 0.0}, expectation);
  };
  EXPECT_EQ(verdict(-.5, .01, Expectation::equal), "agrees");
  EXPECT_EQ(verdict(-.485, .01, Expectation::equal), "agrees");
  // 4.6 standard errors off, though close: the error decides.
  EXPECT_EQ(verdict(-.454, .01, Expectation::equal), "near");
  EXPECT_EQ(verdict(-.546, .01, Expectation::equal), "near");
  EXPECT_EQ(verdict(-.454, .01, Expectation::at_most), "near");
  EXPECT_EQ(verdict(-.546, .01, Expectation::at_most), "agrees");
  EXPECT_EQ(verdict(-.5 + 1e-16, 0.0, Expectation::equal), "agrees");
  EXPECT_EQ(verdict(-.49, 0.0, Expectation::equal), "near");
  EXPECT_NEAR(errors_above_half({-.454, .01, 0.0}), 4.6, 1e-9);
  EXPECT_EQ(errors_above_half({-.5, 0.0, 0.0}), 0.0);
  EXPECT_EQ(verdict(-.39, .01, Expectation::equal), "disagrees");
  EXPECT_EQ(verdict(-.61, .01, Expectation::equal), "disagrees");
  EXPECT_EQ(verdict(-.35, .1, Expectation::equal), "agrees");
  EXPECT_EQ(verdict(-.5, .3, Expectation::equal), "undecided");
  EXPECT_EQ(verdict(-.5, std::nan(""), Expectation::equal), "undecided");
  EXPECT_EQ(verdict(-1.0, .01, Expectation::at_most), "agrees");
  EXPECT_EQ(verdict(-.3, .01, Expectation::at_most), "disagrees");
}

}  // namespace
}  // namespace thalweg
