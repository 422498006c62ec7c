#include "probes/sharpness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/philox.hpp"
#include "objectives/analytic/analytic.hpp"
#include "objectives/composed/double_precision.hpp"
#include "probes/random_subspace.hpp"
#include "support/measured.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

using testing::scalar;

double sharpness_of(const Communicator& team, const AnalyticObjective::Formulas& formulas,
                    const std::vector<double>& x, double epsilon) {
  AnalyticObjective objective(team, static_cast<std::int64_t>(x.size()), formulas);
  SharpnessOptions options;
  options.epsilon = epsilon;
  const auto found = Sharpness(options).measure(objective, x, {});
  EXPECT_EQ(scalar(found, "converged"), 1.0);
  EXPECT_LE(scalar(found, "published_sharpness"), scalar(found, "sharpness"));
  return scalar(found, "sharpness");
}

// The known answers: Keskar sharpness in closed form.
TEST(Sharpness, HasItsClosedForms) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const std::vector<double> diagonal{1, 0, 0, 0, 10, 0, 0, 0, 100};
  const std::vector<double> origin{0, 0, 0};
  EXPECT_NEAR(sharpness_of(world, quadratic(diagonal, origin), origin, 1e-3), 5.55e-3, 1e-9);
  EXPECT_NEAR(sharpness_of(world, quadratic(diagonal, origin), origin, 5e-4), 1.3875e-3, 1e-9);
  const std::vector<double> away{1, -2, 3};
  EXPECT_NEAR(sharpness_of(world, quadratic(diagonal, away), away, 1e-3), 0.0847, 1e-8);
  EXPECT_NEAR(sharpness_of(world, quadratic(diagonal, away), away, 5e-4), 0.021175, 1e-8);
  EXPECT_NEAR(sharpness_of(world, quadratic({2, 1, 1, 3}, {0, 0}), {0, 0}, 1e-3), 3.5e-4, 1e-10);
  // f = 1 + (3, −4)·x at (1, −2): f = 12, the corner of the box gives 100 · ε(3·2 + 4·3)/13.
  const auto linear = quadratic({0, 0, 0, 0}, {0, 0}, {3, -4}, 1.0);
  EXPECT_NEAR(sharpness_of(world, linear, {1, -2}, 1e-3), 0.1384615, 1e-7);
  EXPECT_NEAR(sharpness_of(world, linear, {1, -2}, 5e-4), 0.0692308, 1e-7);
}

// A climb from the origin of an exact minimum alone finds nothing, and says that this proves
// nothing.
TEST(Sharpness, AZeroFromTheOriginHasNotConverged) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective bowl(world, 2, quadratic({2, 1, 1, 3}, {0, 0}));
  SharpnessOptions options;
  options.starts = 1;
  const auto found = Sharpness(options).measure(bowl, std::vector<double>{0, 0}, {});
  EXPECT_EQ(scalar(found, "converged"), 0.0);
  // At a maximum the zero is real: the climbs from elsewhere end there too.
  AnalyticObjective dome(world, 2, quadratic({-2, 0, 0, -3}, {0, 0}, {0, 0}, 5.0));
  options.starts = 5;
  const auto top = Sharpness(options).measure(dome, std::vector<double>{0, 0}, {});
  EXPECT_EQ(scalar(top, "sharpness"), 0.0);
  EXPECT_EQ(scalar(top, "converged"), 1.0);
  // Nothing moves at all.
  AnalyticObjective flat(world, 2, quadratic({0, 0, 0, 0}, {0, 0}, {0, 0}, 3.0));
  const auto still = Sharpness(options).measure(flat, std::vector<double>{1, 2}, {});
  EXPECT_EQ(scalar(still, "sharpness"), 0.0);
  EXPECT_EQ(scalar(still, "converged"), 1.0);
}

// 1 + f has a zero at −1: a value there would be a number without meaning.
TEST(Sharpness, HasNoValueWhereTheLossIsNegative) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective bowl(world, 2, quadratic({2, 1, 1, 3}, {0, 0}, {0, 0}, -1.0 + 1e-12));
  const auto found = Sharpness(SharpnessOptions{}).measure(bowl, std::vector<double>{0, 0}, {});
  for (const char* name : {"sharpness", "sharpness_mean", "published_sharpness"}) {
    EXPECT_TRUE(std::isnan(scalar(found, name))) << name;
  }
  EXPECT_NEAR(scalar(found, "value_at_point"), -1.0, 1e-11);
}

// A saddle whose highest point in the box is no vertex: f = x² − y² + 2·10⁻⁴ y at the origin, on
// the box of half width ε = 10⁻³, has its maximum at y = 10⁻⁴.
TEST(Sharpness, OfASaddleIsFoundBetweenTheVertices) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective saddle(world, 2, quadratic({2, 0, 0, -2}, {0, 0}, {0, 2e-4}));
  const auto found = Sharpness({}).measure(saddle, std::vector<double>{0, 0}, {});
  EXPECT_NEAR(scalar(found, "sharpness"), 100.0 * (1e-6 + 1e-8), 1e-9);
  EXPECT_EQ(scalar(found, "converged"), 1.0);
}

/// A random positive semidefinite matrix of a stated rank, its columns falling off as they do at
/// minima of nets.
std::vector<double> random_hessian(std::size_t n, std::size_t rank, std::uint64_t seed) {
  std::vector<double> factor(n * rank);
  Stream stream(seed, Purpose::sharpness_start, 1000);
  for (std::size_t i = 0; i < factor.size(); ++i) {
    factor[i] = stream.normal() * std::exp(-0.3 * static_cast<double>(i % rank));
  }
  std::vector<double> hessian(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t k = 0; k < rank; ++k) {
        hessian[i * n + j] += factor[i * rank + k] * factor[j * rank + k];
      }
    }
  }
  return hessian;
}

// All 2¹² vertices of a box, one of which is the maximum of a convex function: the climbs come to
// within 5 % of it on each of 24 quadratics, however flat, of all ranks.
TEST(Sharpness, OfQuadraticsIsWithinFivePercentOfTheHighestVertex) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  constexpr std::size_t n = 12;
  const std::vector<double> origin(n, 0.0);
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    const std::size_t rank = std::vector<std::size_t>{1, 2, 4, 12}[seed % 4];
    const double scale = std::pow(10.0, -static_cast<double>(seed % 6));
    auto hessian = random_hessian(n, rank, seed);
    for (auto& entry : hessian) entry *= scale;
    double highest = 0.0;
    for (std::uint64_t vertex = 0; vertex < (1U << n); ++vertex) {
      double value = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          const bool equal = ((vertex >> i) & 1U) == ((vertex >> j) & 1U);
          value += equal ? hessian[i * n + j] : -hessian[i * n + j];
        }
      }
      highest = std::max(highest, 0.5 * value);
    }
    AnalyticObjective bowl(self, n, quadratic(hessian, origin));
    SharpnessOptions options;
    options.seed = seed;
    const auto found = Sharpness(options).measure(bowl, origin, {});
    const double bound = 100.0 * 1e-6 * highest;
    EXPECT_LE(scalar(found, "sharpness"), bound * (1.0 + 1e-9)) << seed;
    EXPECT_GE(scalar(found, "sharpness"), 0.95 * bound) << seed << " of rank " << rank;
  }
}

/// The highest of ten sign ascents, ten steps each, and ten long projected ascents from random
/// points: another search for the same maximum, written anew.
double attacked(Objective<double>& objective, const std::vector<double>& x, double epsilon) {
  const VectorSpace& space = objective.space();
  const std::size_t n = x.size();
  std::vector<double> slice(static_cast<std::size_t>(space.slice().size()));
  std::vector<double> g(n);
  std::vector<double> at(n);
  std::vector<double> z(n);
  double highest = 0.0;
  const auto evaluate = [&] {
    for (std::size_t i = 0; i < n; ++i) at[i] = x[i] + z[i];
    const double value = objective.gradient(at, {}, slice);
    space.gather(std::span<const double>(slice), std::span(g));
    highest = std::max(highest, value);
  };
  for (std::uint64_t start = 0; start < 20; ++start) {
    Stream stream(77, Purpose::sharpness_start, start);
    for (std::size_t i = 0; i < n; ++i) {
      z[i] = stream.rademacher() * epsilon * (std::abs(x[i]) + 1.0);
    }
    for (int step = 0; step < (start < 10 ? 10 : 60); ++step) {
      evaluate();
      double largest = 0.0;
      for (const double entry : g) largest = std::max(largest, std::abs(entry));
      for (std::size_t i = 0; i < n; ++i) {
        const double bound = epsilon * (std::abs(x[i]) + 1.0);
        const double move = start < 10 ? std::copysign(2.0, g[i]) : 0.3 * g[i] / largest;
        z[i] = std::clamp(z[i] + move * bound, -bound, bound);
      }
    }
    evaluate();
  }
  const double here = objective.value(x, {});
  return 100.0 * (highest - here) / (1.0 + here);
}

// Of a net on its way to a minimum, where the largest eigenvalue falls two hundredfold.
TEST(Sharpness, OfANetIsAtLeastWhatOtherAscentsReach) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  testing::TinyProblem<double> problem(world);
  std::vector<double> x(problem.point.begin(), problem.point.end());
  const VectorSpace& space = problem.objective.space();
  std::vector<double> slice(static_cast<std::size_t>(space.slice().size()));
  std::vector<double> g(x.size());
  for (int step = 0; step <= 3000; ++step) {
    if (step % 1000 == 0) {
      const auto found = Sharpness({}).measure(problem.objective, x, {});
      const double attack = attacked(problem.objective, x, 1e-3);
      EXPECT_GE(scalar(found, "sharpness"), 0.95 * attack) << step;
      EXPECT_GT(attack, 0.0);
    }
    problem.objective.gradient(x, {}, slice);
    space.gather(std::span<const double>(slice), std::span(g));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] -= 0.2 * g[i];
  }
}

TEST(RandomSubspace, HasOrthonormalColumnsOnAnyNumberOfRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  constexpr std::int64_t n = 5000;
  constexpr std::int64_t p = 7;
  const auto columns = [&](const Communicator& comm) {
    const VectorSpace space(comm, n);
    const RandomSubspace plane(space, p, 3);
    std::vector<std::vector<double>> all;
    for (std::int64_t j = 0; j < p; ++j) {
      std::vector<double> unit(static_cast<std::size_t>(p), 0.0);
      unit[static_cast<std::size_t>(j)] = 1.0;
      std::vector<double> slice(static_cast<std::size_t>(space.slice().size()));
      plane.lift(unit, slice);
      // Aᵀ A e_j = e_j.
      const auto back = plane.transposed(slice);
      for (std::int64_t i = 0; i < p; ++i) {
        EXPECT_NEAR(back[static_cast<std::size_t>(i)], i == j ? 1.0 : 0.0, 1e-13);
      }
      all.emplace_back(static_cast<std::size_t>(n));
      space.gather(std::span<const double>(slice), std::span(all.back()));
    }
    return all;
  };
  EXPECT_EQ(columns(world), columns(self));
  const VectorSpace small(world, 5);
  EXPECT_THROW(RandomSubspace(small, 5, 1), Error);
}

// In a subspace: f = ½ h ‖x‖² at 0 restricted to z is ½ h ‖z‖², so φ = 50 ε² h p, whatever the
// subspace.
TEST(Sharpness, InASubspaceOfABowl) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const std::int64_t n = 40;
  std::vector<double> hessian(static_cast<std::size_t>(n * n), 0.0);
  for (std::int64_t i = 0; i < n; ++i) hessian[static_cast<std::size_t>(i * n + i)] = 6.0;
  const std::vector<double> origin(static_cast<std::size_t>(n), 0.0);
  AnalyticObjective bowl(world, n, quadratic(hessian, origin));
  SharpnessOptions options;
  options.subspace = 10;
  const auto found = Sharpness(options).measure(bowl, origin, {});
  EXPECT_NEAR(scalar(found, "sharpness"), 50.0 * 1e-6 * 6.0 * 10.0, 1e-9);
}

// With A as drawn, Aᵀ is no pseudoinverse: A⁺A = I, ⟨y, A z⟩ = ⟨Aᵀy, z⟩, and the columns are about
// √n long.
TEST(RandomSubspace, GaussianColumnsAreKeptAsDrawn) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const std::int64_t n = 3000;
  const VectorSpace space(world, n);
  const RandomSubspace plane(space, 3, 1, SubspaceColumns::gaussian);
  const auto size = static_cast<std::size_t>(space.slice().size());
  std::vector<double> lifted(size);
  std::vector<double> y(size);
  for (std::size_t i = 0; i < size; ++i) {
    y[i] = std::sin(static_cast<double>(space.slice().begin + static_cast<std::int64_t>(i)));
  }
  const std::vector<double> z{1.0, -2.0, 0.5};
  plane.lift(z, lifted);
  const auto back = plane.pseudo_inverse(lifted);
  const auto transposed = plane.transposed(y);
  double right = 0.0;
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(back[k], z[k], 1e-12);
    right += transposed[k] * z[k];
  }
  const std::span<const double> lifted_view(lifted);
  EXPECT_NEAR(space.dot(std::span<const double>(y), lifted_view), right, 1e-9);
  const double squared_length = 1.0 + 4.0 + 0.25;
  EXPECT_NEAR(space.norm(lifted_view), std::sqrt(n * squared_length), 5.0);
}

// f = ½ h ‖x‖² at 0 with A as drawn: ½ h zᵀAᵀA z over a cube, whose maximum is at a corner; with
// p = 1 it is 50 ε² h ‖a‖².
TEST(Sharpness, AlongAGaussianColumnOfABowl) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const std::int64_t n = 40;
  std::vector<double> hessian(static_cast<std::size_t>(n * n), 0.0);
  for (std::int64_t i = 0; i < n; ++i) hessian[static_cast<std::size_t>(i * n + i)] = 6.0;
  const std::vector<double> origin(static_cast<std::size_t>(n), 0.0);
  AnalyticObjective bowl(world, n, quadratic(hessian, origin));
  SharpnessOptions options;
  options.subspace = 1;
  options.columns = SubspaceColumns::gaussian;
  const RandomSubspace plane(bowl.space(), 1, options.seed, options.columns);
  std::vector<double> column(static_cast<std::size_t>(bowl.space().slice().size()));
  plane.lift(std::vector<double>{1.0}, column);
  const double length = bowl.space().norm(std::span<const double>(column));
  const auto found = Sharpness(options).measure(bowl, origin, {});
  EXPECT_NEAR(scalar(found, "sharpness"), 50.0 * 1e-6 * 6.0 * length * length, 1e-9);
}

TEST(Sharpness, OfANetHasTheSameBitsOnAnyNumberOfRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  for (const std::int64_t subspace : {0, 20}) {
    const auto measure = [&](const Communicator& comm) {
      testing::TinyProblem<float> problem(comm);
      DoublePrecision<float> widened(problem.objective);
      SharpnessOptions options;
      options.subspace = subspace;
      options.starts = 3;
      const std::vector<double> x(problem.point.begin(), problem.point.end());
      const auto found = Sharpness(options).measure(widened, x, {});
      std::vector<double> values;
      for (const auto& entry : found.scalars) values.push_back(entry.value);
      for (const auto& entry : found.details) {
        if (const auto* numbers = std::get_if<std::vector<double>>(&entry.values)) {
          values.insert(values.end(), numbers->begin(), numbers->end());
        }
      }
      return values;
    };
    const auto values = measure(world);
    EXPECT_EQ(values, measure(self));
    EXPECT_GT(values[0], 0.0);
  }
}

}  // namespace
}  // namespace thalweg
