#include "objectives/analytic/objective_kinds.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "objectives/analytic/objective_settings.hpp"

namespace thalweg {
namespace {

ObjectiveSpec spec_of(const std::string& text) {
  return read_objective(Settings::parse("[objective]\n" + text, "study.toml").table("objective"));
}

std::vector<double> drawn(std::int64_t count, std::uint64_t index) {
  Stream stream(11, Purpose::test, index);
  std::vector<double> values(static_cast<std::size_t>(count));
  for (auto& value : values) value = stream.normal();
  return values;
}

std::vector<double> whole_gradient(Objective<double>& objective, std::span<const double> x) {
  std::vector<double> slice(static_cast<std::size_t>(objective.space().slice().size()));
  objective.gradient(x, {}, slice);
  std::vector<double> whole(x.size());
  objective.space().gather(std::span<const double>(slice), std::span(whole));
  return whole;
}

/// Value, gradient and product with the Hessian of a kind agree with differences.
void expect_derivatives(const std::string& text) {
  const Communicator world = Communicator::duplicate(MPI_COMM_WORLD);
  const ObjectiveSpec spec = spec_of(text);
  const auto objective = spec.make(world);
  const std::int64_t n = objective->dimension();
  EXPECT_EQ(n, spec.shape().dimension) << text;
  EXPECT_EQ(objective->sample_count(), spec.shape().samples) << text;
  const auto x = drawn(n, 0);
  const auto v = drawn(n, 1);
  constexpr double h = 1e-5;
  auto ahead = x;
  auto behind = x;
  for (std::size_t i = 0; i < x.size(); ++i) {
    ahead[i] += h * v[i];
    behind[i] -= h * v[i];
  }
  const auto gradient = whole_gradient(*objective, x);
  double along = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) along += gradient[i] * v[i];
  const double slope = (objective->value(ahead, {}) - objective->value(behind, {})) / (2.0 * h);
  EXPECT_NEAR(along, slope, 1e-7 * (1.0 + std::abs(slope))) << text;
  std::vector<double> slice(static_cast<std::size_t>(objective->space().slice().size()));
  objective->hessian_vector(x, v, {}, slice);
  std::vector<double> product(x.size());
  objective->space().gather(std::span<const double>(slice), std::span(product));
  const auto above = whole_gradient(*objective, ahead);
  const auto below = whole_gradient(*objective, behind);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(product[i], (above[i] - below[i]) / (2.0 * h), 1e-6 * (1.0 + std::abs(product[i])))
        << text << ", element " << i;
  }
}

TEST(ObjectiveKinds, DerivativesAgreeWithDifferences) {
  for (const auto& kind : objective_kinds()) expect_derivatives("type = \"" + kind.name + "\"");
  expect_derivatives("type = \"quadratic\"\nspectrum = [3, 1, -2, 0.5]\nrotated = true");
  expect_derivatives("type = \"double_well\"\ncurvatures = [1, 0, 4]");
  expect_derivatives("type = \"least_squares\"\nsamples = 9\nfeatures = 4\ntargets = \"planted\"");
}

// Aᵀ diag(a) A of orthonormal axes: trace and square of the norm are those of the spectrum.
TEST(ObjectiveKinds, ARotatedQuadraticKeepsItsSpectrum) {
  const Communicator world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto objective =
      spec_of("spectrum = [4, 2, 1, -0.5, 0]\nrotated = true\ninstance = 7").make(world);
  double trace = 0.0;
  double square = 0.0;
  double off = 0.0;
  for (std::size_t i = 0; i < 5; ++i) {
    std::vector<double> unit(5, 0.0);
    unit[i] = 1.0;
    const auto column = whole_gradient(*objective, unit);
    trace += column[i];
    for (std::size_t j = 0; j < 5; ++j) {
      square += column[j] * column[j];
      if (j != i) off += std::abs(column[j]);
    }
  }
  EXPECT_NEAR(trace, 6.5, 1e-13);
  EXPECT_NEAR(square, 21.25, 1e-12);
  EXPECT_GT(off, 0.1);
}

TEST(ObjectiveKinds, RefuseWhatDoesNotGoTogether) {
  for (const char* text :
       {"spectrum = []", "start = [1]", "type = \"double_well\"\nstart = [1, 2, 3]",
        "type = \"least_squares\"\nsamples = 1000000\nfeatures = 1000000"}) {
    EXPECT_THROW(static_cast<void>(spec_of(text).shape()), ConfigurationError) << text;
  }
  for (const char* text : {"type = \"parabola\"", "spectrum = 1", "gradient_noise = -1",
                           "spectrum = [nan]", "type = \"double_well\"\ncurvatures = [-1]"}) {
    EXPECT_THROW(spec_of(text), ConfigurationError) << text;
  }
}

}  // namespace
}  // namespace thalweg
