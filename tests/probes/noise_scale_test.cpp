#include "probes/noise_scale.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numeric>

#include "objectives/analytic/analytic.hpp"
#include "objectives/analytic/least_squares.hpp"
#include "objectives/composed/double_precision.hpp"
#include "objectives/network/sample_gradients.hpp"
#include "probes/estimate.hpp"
#include "probes/two_batch.hpp"
#include "support/alone.hpp"
#include "support/measured.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

using testing::scalar;
using testing::TinyProblem;

/// Gradients (3,0), (−1,0), (1,2), (1,−2) at the origin: G = (1,0), Σ = diag(2,2), H = diag(3,2).
LeastSquares four_gradients(const Communicator& team) {
  return {team, {3, 0, -1, 0, 1, 2, 1, -2}, {-1, -1, -1, -1}};
}
const std::vector<double> kOrigin{0.0, 0.0};

double squared_gradient(LeastSquares& objective, const std::vector<std::int64_t>& batch) {
  std::vector<double> slice(static_cast<std::size_t>(objective.space().slice().size()));
  objective.gradient(kOrigin, batch, slice);
  return objective.space().dot(std::span<const double>(slice), std::span<const double>(slice));
}

/// E‖g_B‖² over all batches of a size, by going through them.
double expected_square(LeastSquares& objective, int batch, bool replacement) {
  double sum = 0.0;
  double count = 0.0;
  if (replacement) {
    const auto total = static_cast<std::int64_t>(std::pow(4, batch) + 0.5);
    for (std::int64_t code = 0; code < total; ++code, count += 1.0) {
      std::vector<std::int64_t> samples;
      for (std::int64_t rest = code, k = 0; k < batch; ++k, rest /= 4) samples.push_back(rest % 4);
      sum += squared_gradient(objective, samples);
    }
    return sum / count;
  }
  for (unsigned code = 0; code < 16; ++code) {
    if (std::popcount(code) != batch) continue;
    std::vector<std::int64_t> samples;
    for (std::int64_t i = 0; i < 4; ++i) {
      if ((code >> i & 1U) != 0) samples.push_back(i);
    }
    sum += squared_gradient(objective, samples);
    count += 1.0;
  }
  return sum / count;
}

TEST(NoiseScale, OfFourGradientsIsKnown) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  auto objective = four_gradients(world);
  NoiseScaleOptions options;
  options.curvature_samples = 4;
  NoiseScale probe(options);
  probe.begin(objective, kOrigin, {});
  const auto found = probe.measure(objective, kOrigin, {});
  EXPECT_NEAR(scalar(found, "gradient_norm_squared"), 1.0, 1e-15);
  EXPECT_NEAR(scalar(found, "noise_trace"), 4.0, 1e-14);
  EXPECT_NEAR(scalar(found, "noise_scale_simple"), 4.0, 1e-14);
  EXPECT_EQ(scalar(found, "samples"), 4.0);
  // tr(HΣ) = 3·2 + 2·2, GᵀHG = 3; all samples were drawn, so nothing is left to chance.
  EXPECT_NEAR(scalar(found, "noise_curvature"), 10.0, 1e-13);
  EXPECT_EQ(scalar(found, "noise_curvature_error"), 0.0);
  EXPECT_NEAR(scalar(found, "gradient_curvature"), 3.0, 1e-14);
  EXPECT_NEAR(scalar(found, "noise_scale"), 10.0 / 3.0, 1e-13);
  // On the first two alone: G = (1,0), Σ = diag(4,0), H = diag(5,0).
  const std::vector<std::int64_t> two{0, 1};
  options.curvature_samples = 2;
  const auto part = NoiseScale(options).measure(objective, kOrigin, two);
  EXPECT_NEAR(scalar(part, "noise_trace"), 4.0, 1e-14);
  EXPECT_NEAR(scalar(part, "noise_curvature"), 20.0, 1e-13);
  EXPECT_NEAR(scalar(part, "gradient_curvature"), 5.0, 1e-14);
}

// E‖g_B‖² by enumeration, and the two moments from each pair of sizes.
TEST(TwoBatch, IsUnbiasedForEveryPairOfSizes) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  auto objective = four_gradients(world);
  const double with[] = {5.0, 3.0, 7.0 / 3.0, 2.0};
  const double without[] = {5.0, 7.0 / 3.0, 13.0 / 9.0, 1.0};
  for (const bool replacement : {true, false}) {
    for (int small = 1; small <= 4; ++small) {
      const double square = expected_square(objective, small, replacement);
      EXPECT_NEAR(square, (replacement ? with : without)[small - 1], 1e-12);
      for (int large = small + 1; large <= 4; ++large) {
        const auto moments = two_batch_moments(
            square, expected_square(objective, large, replacement),
            noise_share(small, 4, replacement), noise_share(large, 4, replacement));
        EXPECT_NEAR(moments.gradient_norm_squared, 1.0, 1e-12) << small << " and " << large;
        EXPECT_NEAR(moments.trace, 4.0, 1e-12) << small << " and " << large;
      }
    }
  }
}

// With 1/B for batches of a finite set drawn without replacement, the moments would be wrong.
TEST(TwoBatch, SharesOfAFiniteSetAreNotThoseOfAnEndlessOne) {
  EXPECT_EQ(noise_share(4, 4, false), 0.0);
  EXPECT_EQ(noise_share(1, 4, false), 1.0);
  const auto naive = two_batch_moments(5.0, 7.0 / 3.0, 1.0, 0.5);
  EXPECT_GT(std::abs(naive.trace - 4.0), 1.0);
}

// Known quantiles, and those of Cauchy's distribution, tan(π p/2).
TEST(TwoBatch, StudentsQuantilesAreKnown) {
  EXPECT_NEAR(student_quantile(0.95, 1), std::tan(0.475 * M_PI), 1e-9);
  EXPECT_NEAR(student_quantile(0.95, 2), 4.302652729911275, 1e-9);
  EXPECT_NEAR(student_quantile(0.95, 9), 2.262157162740992, 1e-9);
  EXPECT_NEAR(student_quantile(0.99, 30), 2.749995653567231, 1e-9);
  EXPECT_NEAR(student_quantile(0.95, 4999), 1.960438, 1e-5);
}

TEST(TwoBatch, FiellersIntervalByItsEquation) {
  // Means 4 and 2 of 4 pairs; variances of the means 5/3 and 0: symmetric, ± t/2 · √(5/3).
  const std::vector<double> a{1.0, 3.0, 5.0, 7.0};
  const std::vector<double> two(4, 2.0);
  const double half = 0.5 * student_quantile(0.95, 3) * std::sqrt(5.0 / 3.0);
  EXPECT_NEAR(ratio_interval(a, two, 0.95).low, std::max(2.0 - half, 0.0), 1e-12);
  EXPECT_NEAR(ratio_interval(a, two, 0.95).high, 2.0 + half, 1e-12);
  // The denominator's error alone: 4/(2 ± t · √(1/60)) of four.
  const std::vector<double> four(4, 4.0);
  const std::vector<double> b{1.8, 1.9, 2.1, 2.2};
  const double error = student_quantile(0.95, 3) * mean_of(b).error;
  EXPECT_NEAR(ratio_interval(four, b, 0.95).low, 4.0 / (2.0 + error), 1e-12);
  EXPECT_NEAR(ratio_interval(four, b, 0.95).high, 4.0 / (2.0 - error), 1e-12);
  // A denominator that may be 0 leaves the lower end; neither resolved, nothing; rounding counts.
  const std::vector<double> lost{-2.0, -1.0, 1.0, 2.4};
  const auto one_sided = ratio_interval(four, lost, 0.95);
  EXPECT_NEAR(one_sided.low, 4.0 / (0.1 + student_quantile(0.95, 3) * mean_of(lost).error), 1e-12);
  EXPECT_TRUE(std::isnan(one_sided.high));
  EXPECT_EQ(ratio_interval(lost, lost, 0.95).low, 0.0);
  EXPECT_TRUE(std::isnan(ratio_interval(four, two, 0.95, 1.0).high));
  const std::vector<double> none(4, 0.0);
  EXPECT_EQ(ratio_interval(none, none, 0.95).low, 0.0);
  EXPECT_TRUE(std::isnan(ratio_interval(four, none, 0.95).low));
  EXPECT_TRUE(std::isnan(ratio_interval(four, std::vector<double>(4, -2.0), 0.95).low));
}

// From far away to the minimum itself, over seeds: how often the interval, one-sided where it has
// no upper end, holds the samples' own B_simple, which the same measurement has exactly.
// Of 300 seeds it does for 282, 281, 288 and 287: 94 to 96 of 100. At the minimum, where there is
// no truth but infinity, an interval with an upper end would be wrong.
TEST(NoiseScale, IntervalsHoldTheTruthHoweverSmallTheGradient) {
  THALWEG_SKIP_UNLESS_ALONE();
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  constexpr std::size_t samples = 60;
  constexpr std::size_t width = 6;
  Stream stream(4, Purpose::test, 9);
  std::vector<double> rows(samples * width);
  for (auto& value : rows) value = stream.normal();
  std::vector<double> targets(samples);
  for (auto& value : targets) value = stream.normal();
  LeastSquares objective(self, rows, targets);
  // The minimum, by descent.
  std::vector<double> x(width, 0.0);
  std::vector<double> g(width);
  for (int step = 0; step < 2000; ++step) {
    objective.gradient(x, {}, g);
    for (std::size_t i = 0; i < width; ++i) x[i] -= 0.3 * g[i];
  }
  NoiseScaleOptions options;
  options.draws = 20;
  options.small = 4;
  options.large = 16;
  constexpr int seeds = 300;
  int resolved[4] = {0, 0, 0, 0};
  const double away[] = {3.0, 0.3, 0.1, 0.0};
  for (int place = 0; place < 4; ++place) {
    auto at = x;
    at[0] += away[place];
    int held = 0;
    for (int seed = 0; seed < seeds; ++seed) {
      options.seed = static_cast<std::uint64_t>(seed);
      const auto found = NoiseScale(options).measure(objective, at, {});
      const double low = scalar(found, "two_batch_noise_scale_simple_low");
      const double high = scalar(found, "two_batch_noise_scale_simple_high");
      const double value = scalar(found, "two_batch_noise_scale_simple");
      const double truth = scalar(found, "noise_scale_simple");
      EXPECT_EQ(std::isnan(high), std::isnan(value));
      if (std::isfinite(high)) ++resolved[place];
      const bool above_low = std::isnan(truth) ? std::isfinite(low) : low <= truth;
      if (above_low && (std::isnan(high) || truth <= high)) ++held;
    }
    EXPECT_GE(held, 0.92 * seeds) << away[place];
  }
  EXPECT_GT(resolved[0], 0.9 * seeds);
  EXPECT_LT(resolved[3], 0.1 * seeds);
}

// At the minimum the mean gradient is rounding: neither B_simple has a value.
TEST(NoiseScale, AtTheMinimumThereIsNoValue) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  LeastSquares objective(world, {1, 1, 1}, {0.1, 0.2, 0.3});
  NoiseScaleOptions options;
  options.draws = 10;
  options.small = 1;
  options.large = 3;
  options.curvature_samples = 3;
  const auto found = NoiseScale(options).measure(objective, std::vector<double>{0.2}, {});
  EXPECT_TRUE(std::isnan(scalar(found, "noise_scale_simple")));
  EXPECT_TRUE(std::isnan(scalar(found, "noise_scale")));
  EXPECT_TRUE(std::isnan(scalar(found, "two_batch_noise_scale_simple")));
  EXPECT_TRUE(std::isnan(scalar(found, "two_batch_noise_scale_simple_high")));
  EXPECT_GT(scalar(found, "two_batch_noise_scale_simple_low"), 1e6);
  EXPECT_NEAR(scalar(found, "noise_trace"), 0.02 / 3.0, 1e-15);
}

TEST(TwoBatch, ErrorsAreThoseOfMeansAndRatios) {
  const std::vector<double> a{1.0, 3.0, 5.0, 7.0};
  const std::vector<double> b{2.0, 2.0, 2.0, 2.0};
  EXPECT_NEAR(mean_of(a).value, 4.0, 1e-15);
  EXPECT_NEAR(mean_of(a).error, std::sqrt(20.0 / 3.0 / 4.0), 1e-15);
  EXPECT_NEAR(ratio_of(a, b).value, 2.0, 1e-15);
  EXPECT_NEAR(ratio_of(a, b).error, 0.5 * mean_of(a).error, 1e-15);
  EXPECT_NEAR(ratio_of(a, a).error, 0.0, 1e-15);  // always 1, whatever a does
}

// Many draws: within three standard errors of the truth, and the errors fall as they should.
TEST(NoiseScale, TwoBatchesOfManyDrawsComeCloseToTheTruth) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  auto objective = four_gradients(world);
  for (const bool replacement : {false, true}) {
    NoiseScaleOptions options;
    options.replacement = replacement;
    options.small = 1;
    options.large = 3;
    options.seed = 7;
    options.draws = 2000;
    const auto found = NoiseScale(options).measure(objective, kOrigin, {});
    const auto close = [&](const char* name, double truth) {
      const double error = scalar(found, std::string(name) + "_error");
      EXPECT_NEAR(scalar(found, name), truth, 3.0 * error) << name;
      EXPECT_GT(error, 0.0) << name;
      EXPECT_LT(error, 0.2 * truth) << name;
    };
    close("two_batch_gradient_norm_squared", 1.0);
    close("two_batch_noise_trace", 4.0);
    close("two_batch_noise_scale_simple", 4.0);
    options.draws = 500;
    const auto fewer = NoiseScale(options).measure(objective, kOrigin, {});
    EXPECT_NEAR(
        scalar(fewer, "two_batch_noise_trace_error") / scalar(found, "two_batch_noise_trace_error"),
        2.0, 0.2);
    const auto squares = testing::detail<double>(found, "large_norm_squared");
    EXPECT_EQ(squares.size(), 2000U);
  }
  // The whole set as the large batch has no noise: its square is ‖G‖² every time.
  NoiseScaleOptions options;
  options.small = 2;
  options.large = 4;
  options.draws = 20;
  const auto whole = NoiseScale(options).measure(objective, kOrigin, {});
  EXPECT_NEAR(scalar(whole, "two_batch_gradient_norm_squared"), 1.0, 1e-14);
}

// A part of the samples, over many seeds: right in the mean, and the squared errors that it states
// are the squares of those it makes, in the mean.
TEST(NoiseScale, CurvatureOfDrawnSamplesCarriesItsError) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  Stream stream(2, Purpose::test, 4);
  std::vector<double> rows(120);
  for (auto& value : rows) value = stream.uniform(-1.0, 1.0);
  LeastSquares objective(world, rows, std::vector<double>(40, 0.5));
  const std::vector<double> x{0.3, -0.2, 0.7};
  const auto measure = [&](std::int64_t drawn, std::uint64_t seed) {
    NoiseScaleOptions options;
    options.curvature_samples = drawn;
    options.seed = seed;
    return NoiseScale(options).measure(objective, x, {});
  };
  const auto all = measure(40, 0);
  const double truth = scalar(all, "noise_curvature");
  constexpr int seeds = 300;
  double off = 0.0;
  double squares = 0.0;
  double stated = 0.0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const auto found = measure(20, seed);
    const double gap = scalar(found, "noise_curvature") - truth;
    const double error = scalar(found, "noise_curvature_error");
    const double slope = scalar(found, "gradient_curvature");
    EXPECT_NEAR(scalar(found, "noise_scale") - scalar(all, "noise_scale"), gap / slope, 1e-12);
    EXPECT_NEAR(scalar(found, "noise_scale_error"), error / slope, 1e-12);
    off += gap / seeds;
    squares += gap * gap / seeds;
    stated += error * error / seeds;
  }
  EXPECT_LT(std::abs(off), 3.0 * std::sqrt(squares / seeds));
  EXPECT_NEAR(stated / squares, 1.0, 0.2);
}

// The samples' own way against one collective gradient a sample, from the origin and from G.
template <class Real>
void network_agrees_with_gradients(double tolerance) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<Real> problem(world, BatchNormKind::none);
  const std::vector<std::int64_t> samples{7, 0, 33, 12, 49, 2, 21};
  const auto centre = problem.gradient(samples);
  for (const bool centred : {false, true}) {
    const std::span<const Real> from =
        centred ? std::span<const Real>(centre) : std::span<const Real>();
    const auto found = problem.objective.squared_gradient_distances(problem.point, from, samples);
    EXPECT_EQ(found.size(), samples.size());
    for (std::size_t k = 0; k < samples.size(); ++k) {
      const auto g = problem.gradient(Subset(samples).subspan(k, 1));
      double sum = 0.0;
      for (std::size_t i = 0; i < g.size(); ++i) {
        const double gap =
            static_cast<double>(g[i]) - (centred ? static_cast<double>(centre[i]) : 0.0);
        sum += gap * gap;
      }
      EXPECT_NEAR(found[k], sum, tolerance * sum) << "sample " << samples[k];
    }
  }
}

TEST(SampleGradients, OfANetAreItsGradientsOnSingleSamples) {
  network_agrees_with_gradients<double>(1e-12);
  network_agrees_with_gradients<float>(1e-5);
}

// What a float32 net's own way gives through its float64 view, against gradients of that view.
TEST(NoiseScale, OfANetIsThatOfItsGradients) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<float> problem(world, BatchNormKind::none);
  DoublePrecision<float> widened(problem.objective);
  const VectorSpace& space = widened.space();
  const std::vector<double> x(problem.point.begin(), problem.point.end());
  const std::vector<std::int64_t> samples{4, 8, 15, 16, 23, 42};
  std::vector<double> mean(static_cast<std::size_t>(space.slice().size()));
  std::vector<double> g(mean.size());
  widened.gradient(x, samples, mean);
  double trace = 0.0;
  for (const std::int64_t sample : samples) {
    widened.gradient(x, Subset(&sample, 1), g);
    for (std::size_t i = 0; i < g.size(); ++i) g[i] -= mean[i];
    trace += space.dot(std::span<const double>(g), std::span<const double>(g)) / 6.0;
  }
  const auto found = NoiseScale({}).measure(widened, x, samples);
  EXPECT_NEAR(scalar(found, "noise_trace"), trace, 1e-5 * trace);
  EXPECT_NEAR(scalar(found, "noise_scale_simple"),
              trace / space.dot(std::span<const double>(mean), std::span<const double>(mean)),
              1e-5 * scalar(found, "noise_scale_simple"));
}

TEST(NoiseScale, OfANetHasTheSameBitsOnAnyNumberOfRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const auto measure = [](const Communicator& comm) {
    TinyProblem<float> problem(comm, BatchNormKind::batch);
    problem.objective.reestimate_statistics(problem.point);
    problem.objective.set_statistics(Statistics::frozen);
    DoublePrecision<float> widened(problem.objective);
    NoiseScaleOptions options;
    options.curvature_samples = 5;
    options.draws = 3;
    options.small = 4;
    options.large = 16;
    std::vector<std::int64_t> samples(30);
    std::iota(samples.begin(), samples.end(), 3);
    const std::vector<double> x(problem.point.begin(), problem.point.end());
    return testing::numbers(NoiseScale(options).measure(widened, x, samples));
  };
  EXPECT_EQ(testing::bits(measure(world)), testing::bits(measure(self)));
}

TEST(NoiseScale, RefusesWhatItCannotMeasure) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective chain(world, 2, scalar_chain());
  EXPECT_THROW(NoiseScale({}).begin(chain, kOrigin, {}), ConfigurationError);
  TinyProblem<double> mixing(world, BatchNormKind::batch);
  EXPECT_THROW(NoiseScale({}).measure(mixing.objective, mixing.point, {}), ConfigurationError);
  auto objective = four_gradients(world);
  NoiseScaleOptions options;
  options.curvature_samples = 5;
  EXPECT_THROW(NoiseScale(options).begin(objective, kOrigin, {}), ConfigurationError);
  options.curvature_samples = 0;
  options.draws = 2;
  options.large = 5;
  EXPECT_THROW(NoiseScale(options).begin(objective, kOrigin, {}), ConfigurationError);
  options.replacement = true;
  EXPECT_NO_THROW(NoiseScale(options).begin(objective, kOrigin, {}));
}

}  // namespace
}  // namespace thalweg
