#include "probes/local_entropy.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "objectives/analytic/analytic.hpp"
#include "support/bits.hpp"

namespace thalweg {
namespace {

using testing::scalar;

LocalEntropyOptions options_of(double gamma, double temperature, std::int64_t draws) {
  LocalEntropyOptions options;
  options.gamma = gamma;
  options.temperature = temperature;
  options.draws = draws;
  options.seed = 6;
  return options;
}

// ½xᵀHx at x: −½ Σ ln(1 + λ/γT) + ½ gᵀ(HT⁻¹ + γ)⁻¹g/T², g = Hx, which the minimum has not.
TEST(LocalEntropy, OfAQuadraticIsKnown) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const std::vector<double> curvatures{1.0, 2.0, 5.0};
  AnalyticObjective bowl(world, 3, quadratic({1, 0, 0, 0, 2, 0, 0, 0, 5}, {0, 0, 0}));
  for (const double shift : {0.0, 0.4}) {
    for (const double temperature : {1.0, 0.25}) {
      const double gamma = 4.0;
      const std::vector<double> x(3, shift);
      double truth = 0.0;
      for (const double h : curvatures) {
        const double g = h * shift / temperature;
        truth += -0.5 * std::log(1.0 + h / (gamma * temperature)) +
                 0.5 * g * g / (h / temperature + gamma);
      }
      const auto found = LocalEntropy(options_of(gamma, temperature, 4000)).measure(bowl, x, {});
      const double error = scalar(found, "local_entropy_error");
      EXPECT_NEAR(scalar(found, "local_entropy"), truth, 3.0 * error);
      EXPECT_LT(error, 0.1);
      EXPECT_GT(error, 0.001);
      EXPECT_GT(scalar(found, "effective_draws"), 100.0);
      EXPECT_LT(scalar(found, "effective_draws"), 4000.0);
      // −E Δf/T = −½ tr H/(γT), below F.
      EXPECT_NEAR(scalar(found, "lower_bound"), -0.5 * 8.0 / (gamma * temperature),
                  3.0 * scalar(found, "lower_bound_error"));
      EXPECT_LT(scalar(found, "lower_bound"), scalar(found, "local_entropy"));
    }
  }
}

TEST(LocalEntropy, OfFlatGroundIsZero) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective flat(world, 2, quadratic({0, 0, 0, 0}, {0, 0}, {}, 7.0));
  const auto found =
      LocalEntropy(options_of(1.0, 1.0, 10)).measure(flat, std::vector<double>{1, 2}, {});
  EXPECT_EQ(scalar(found, "local_entropy"), 0.0);
  EXPECT_EQ(scalar(found, "local_entropy_error"), 0.0);
  EXPECT_EQ(scalar(found, "effective_draws"), 10.0);
}

// Exponents around −1e8, whose exponentials are all 0 in floating point: one draw carries the mean,
// and that is said.
TEST(LocalEntropy, OfASteepValleyIsFiniteAndSaysThatOneDrawCarriesIt) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  std::vector<double> steep(100, 0.0);
  for (std::size_t i = 0; i < 10; ++i) steep[i * 10 + i] = 1e8;
  AnalyticObjective valley(world, 10, quadratic(steep, std::vector<double>(10, 0.0)));
  const std::vector<double> x(10, 0.0);
  const auto found = LocalEntropy(options_of(1.0, 1.0, 50)).measure(valley, x, {});
  EXPECT_TRUE(std::isfinite(scalar(found, "local_entropy")));
  EXPECT_LT(scalar(found, "local_entropy"), -1e6);
  EXPECT_NEAR(scalar(found, "effective_draws"), 1.0, 1e-6);
}

TEST(LocalEntropy, OfANetHasTheSameBitsOnAnyNumberOfRanks) {
  testing::expect_the_bits_of_one_rank([] { return LocalEntropy(options_of(1e4, 1.0 / 50.0, 4)); });
}

}  // namespace
}  // namespace thalweg
