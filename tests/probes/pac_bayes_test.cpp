#include "probes/pac_bayes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/error.hpp"
#include "objectives/analytic/analytic.hpp"
#include "objectives/network/accuracy.hpp"
#include "parallel/random_slice.hpp"
#include "support/bits.hpp"

namespace thalweg {
namespace {

using testing::scalar;

/// One number whose accuracy is a formula.
class Formula final : public Objective<double>, public Accuracy<double> {
 public:
  Formula(const Communicator& team, std::function<double(double)> accuracy)
      : space_(team, 1), accuracy_(std::move(accuracy)) {}
  [[nodiscard]] const VectorSpace& space() const override { return space_; }
  double value(std::span<const double> x, Subset /*subset*/) override { return x[0]; }
  double gradient(std::span<const double> x, Subset /*subset*/, std::span<double> slice) override {
    std::fill(slice.begin(), slice.end(), 1.0);
    return x[0];
  }
  void hessian_vector(std::span<const double> /*x*/, std::span<const double> /*v*/,
                      Subset /*subset*/, std::span<double> slice) override {
    std::fill(slice.begin(), slice.end(), 0.0);
  }
  Evaluation evaluate(std::span<const double> x, Subset /*subset*/) override {
    return {x[0], accuracy_(x[0])};
  }

 private:
  VectorSpace space_;
  std::function<double(double)> accuracy_;
};

double is_positive(double x) {
  return x > 0.0 ? 1.0 : 0.0;
}

PacBayesOptions precise(std::int64_t draws, bool adaptive = false) {
  PacBayesOptions options;
  options.draws = draws;
  options.tolerance = 1e-6;
  options.adaptive = adaptive;
  options.seed = 9;
  return options;
}

/// Ascending.
std::vector<double> drawn_numbers(const VectorSpace& space, std::int64_t draws) {
  std::vector<double> all;
  for (std::int64_t k = 0; k < draws; ++k) {
    std::vector<double> whole(1);
    const auto slice = random_slice(space, 9, Purpose::pac_bayes, k,
                                    [](Stream& stream) { return stream.normal(); });
    space.gather(std::span<const double>(slice), std::span(whole));
    all.push_back(whole[0]);
  }
  std::sort(all.begin(), all.end());
  return all;
}

// Right where x > 0, at x = 1: the drop is P(ξ < −1/σ), .1 at σ = 1/1.2815516. Of 200 draws 20 may
// fall, so the 21st smallest decides.
TEST(PacBayes, FindsTheQuantileOfItsDraws) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  Formula step(world, is_positive);
  const std::vector<double> x{1.0};
  const auto found = PacBayes(precise(200)).measure(step, x, {});
  const double sigma = scalar(found, "sigma");
  EXPECT_NEAR(sigma, -1.0 / drawn_numbers(step.space(), 200)[20], 1e-5);
  EXPECT_EQ(scalar(found, "inverse_sigma_squared"), 1.0 / (sigma * sigma));
  EXPECT_NEAR(scalar(found, "drop"), 0.1, 1e-15);
  EXPECT_NEAR(scalar(found, "drop_error"), std::sqrt(0.09 / 199.0), 1e-12);
  EXPECT_LT(scalar(found, "sigma_low"), sigma);
  EXPECT_GT(scalar(found, "sigma_high"), sigma);
  const double half = 0.5 * (scalar(found, "sigma_high") - scalar(found, "sigma_low"));
  EXPECT_NEAR(sigma, 1.0 / 1.2815516, 3.0 * half);
  EXPECT_EQ(scalar(found, "at_bound"), 0.0);
  EXPECT_EQ(scalar(found, "allowed_below"), 1.0);
  EXPECT_EQ(scalar(found, "accuracy_at_point"), 1.0);
}

// At x = ½ half as much is allowed; in units of |x| as much as before.
TEST(PacBayes, OfScaledDeviationsDoesNotDependOnTheScale) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  Formula step(world, is_positive);
  const auto sigma = [&](double x, bool adaptive) {
    const std::vector<double> at{x};
    return scalar(PacBayes(precise(50, adaptive)).measure(step, at, {}), "sigma");
  };
  const double at_one = sigma(1.0, false);
  EXPECT_NEAR(sigma(0.5, false), 0.5 * at_one, 1e-5);
  EXPECT_NEAR(sigma(0.5, true), at_one, 1e-5);
}

TEST(PacBayes, SaysThatTheBoundWasHit) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  Formula flat(world, [](double) { return 0.7; });
  const std::vector<double> x{1.0};
  const auto found = PacBayes(precise(4)).measure(flat, x, {});
  EXPECT_EQ(scalar(found, "sigma"), 2.0);
  EXPECT_EQ(scalar(found, "inverse_sigma_squared"), 0.25);
  EXPECT_EQ(scalar(found, "at_bound"), 1.0);
  EXPECT_EQ(scalar(found, "allowed_below"), 1.0);
}

// Wrong in a band on either side, right again beyond it, and wrong for good further out: of forty
// pairs of draws some have their answer beyond the band, with smaller deviations in it.
TEST(PacBayes, SaysThatTheDropIsNotAllowedFurtherDown) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  Formula bands(world, [](double x) {
    const double away = std::abs(x - 1.0);
    return (away > 0.3 && away < 0.6) || away > 1.2 ? 0.0 : 1.0;
  });
  const std::vector<double> x{1.0};
  PacBayesOptions options = precise(2);
  int in_doubt = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    options.seed = seed;
    const auto found = PacBayes(options).measure(bands, x, {});
    if (scalar(found, "allowed_below") == 0.0) ++in_doubt;
  }
  EXPECT_GT(in_doubt, 0);
  EXPECT_LT(in_doubt, 40);
}

TEST(PacBayes, NeedsAccuracies) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective chain(world, 2, scalar_chain());
  DoublePrecision<double> widened(chain);
  const std::vector<double> x{1.0, 1.0};
  EXPECT_THROW(PacBayes(precise(2)).measure(chain, x, {}), ConfigurationError);
  EXPECT_THROW(PacBayes(precise(2)).measure(widened, x, {}), ConfigurationError);
}

TEST(PacBayes, OfANetHasTheSameBitsOnAnyNumberOfRanks) {
  testing::expect_the_bits_of_one_rank([] {
    PacBayesOptions options;
    options.draws = 3;
    return PacBayes(options);
  });
}

}  // namespace
}  // namespace thalweg
