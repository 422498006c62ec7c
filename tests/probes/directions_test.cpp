#include "probes/directions.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/philox.hpp"
#include "probes/trajectory_pca.hpp"
#include "support/alone.hpp"

namespace thalweg {
namespace {

const std::vector<ParameterBlock> kBlocks{
    {"weight", 0, {3, 4}, false}, {"bias", 12, {3}, true}, {"filters", 15, {2, 1, 2, 2}, false}};

double norm(const std::vector<double>& v, std::size_t begin, std::size_t count) {
  double squares = 0.0;
  for (std::size_t i = begin; i < begin + count; ++i) squares += v[i] * v[i];
  return std::sqrt(squares);
}

std::vector<double> weights() {
  std::vector<double> w(23);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = std::sin(1.0 + static_cast<double>(i));
  return w;
}

TEST(Directions, EveryFilterIsAsLongAsTheWeightsOwn) {
  const auto w = weights();
  auto d = random_direction(23, 7, 0);
  leave_out_biases(d, kBlocks);
  normalise_direction<double>(d, w, kBlocks, DirectionNorm::filter);
  for (std::size_t row = 0; row < 3; ++row)
    EXPECT_NEAR(norm(d, 4 * row, 4), norm(w, 4 * row, 4), 1e-14);
  for (std::size_t f = 0; f < 2; ++f)
    EXPECT_NEAR(norm(d, 15 + 4 * f, 4), norm(w, 15 + 4 * f, 4), 1e-14);
  EXPECT_EQ(norm(d, 12, 3), 0.0);
}

TEST(Directions, EveryBlockIsAsLongAsTheWeightsOwn) {
  const auto w = weights();
  const auto drawn = random_direction(23, 7, 0);
  auto d = drawn;
  normalise_direction<double>(d, w, kBlocks, DirectionNorm::layer);
  EXPECT_NEAR(norm(d, 0, 12), norm(w, 0, 12), 1e-14);
  EXPECT_NEAR(norm(d, 12, 3), norm(w, 12, 3), 1e-14);
  EXPECT_NEAR(d[1] / d[0], drawn[1] / drawn[0], 1e-12);
  d = drawn;
  normalise_direction<double>(d, w, kBlocks, DirectionNorm::none);
  EXPECT_EQ(d, drawn);
}

// Scaling a filter of a net with batch norm leaves its function alone, and the direction follows.
TEST(Directions, FollowAScaledFilter) {
  auto w = weights();
  auto before = random_direction(23, 7, 1);
  auto after = before;
  normalise_direction<double>(before, w, kBlocks, DirectionNorm::filter);
  for (std::size_t i = 0; i < 4; ++i) w[i] *= 10.0;
  normalise_direction<double>(after, w, kBlocks, DirectionNorm::filter);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(after[i], 10.0 * before[i], 1e-12);
  for (std::size_t i = 4; i < 23; ++i) EXPECT_EQ(after[i], before[i]);
}

TEST(Directions, DependOnSeedAndIndexAlone) {
  EXPECT_EQ(random_direction(100, 1, 0), random_direction(100, 1, 0));
  EXPECT_NE(random_direction(100, 1, 0), random_direction(100, 1, 1));
  EXPECT_NE(random_direction(100, 1, 0), random_direction(100, 2, 0));
}

TEST(TrajectoryPca, OfAnEllipse) {
  // Points a cos s e_0 + b sin s e_2, centred: shares a²/(a² + b²) and b²/(a² + b²).
  std::vector<std::vector<double>> points;
  for (int k = 0; k < 12; ++k) {
    const double s = 2.0 * std::acos(-1.0) * k / 12.0;
    points.push_back({3.0 * std::cos(s) + 5.0, 1.0, std::sin(s), -2.0});
  }
  const auto pca = trajectory_pca(points, Centring::mean, 3);
  ASSERT_EQ(pca.components.size(), 2U);
  EXPECT_NEAR(pca.explained[0], 0.9, 1e-12);
  EXPECT_NEAR(pca.explained[1], 0.1, 1e-12);
  EXPECT_NEAR(std::abs(pca.components[0][0]), 1.0, 1e-12);
  EXPECT_NEAR(std::abs(pca.components[1][2]), 1.0, 1e-12);
}

// Shares of a random walk's first components (Antognini and Sohl-Dickstein 2018): the null model.
TEST(TrajectoryPca, OfARandomWalkIsTheNullModel) {
  THALWEG_SKIP_UNLESS_ALONE();
  constexpr std::size_t dimension = 4000;
  constexpr int steps = 300;
  std::vector<std::vector<double>> walk{std::vector<double>(dimension, 0.0)};
  Stream stream(2, Purpose::test, 0);
  for (int k = 0; k < steps; ++k) {
    walk.push_back(walk.back());
    for (auto& x : walk.back()) x += stream.normal();
  }
  const auto mean = trajectory_pca(walk, Centring::mean, 3);
  const auto last = trajectory_pca(walk, Centring::last, 3);
  const double by_mean[] = {0.608, 0.152, 0.0675};
  const double by_last[] = {0.811, 0.090, 0.032};
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(mean.explained_null[k], by_mean[k], 6e-4);
    EXPECT_NEAR(last.explained_null[k], by_last[k], 6e-4);
    EXPECT_NEAR(mean.explained[k], mean.explained_null[k], 0.02);
    EXPECT_NEAR(last.explained[k], last.explained_null[k], 0.02);
  }
}

}  // namespace
}  // namespace thalweg
