#include "kernels/pointwise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/philox.hpp"
#include "kernels/exponential.hpp"
#include "linalg/dense_symmetric.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kBlock = 16;

const std::vector<double> kX{1, 2, 3};
const std::vector<double> kZ{-1, .5, 2};

/// All values of a kernel between two sets of rows, from tiles: rows × columns, column-major.
template <class Real>
std::vector<double> values(const PointwiseKernel& kernel, const std::vector<Real>& rows,
                           const std::vector<Real>& columns, std::int64_t features,
                           const Communicator& comm) {
  const Samples<Real> a{rows, {1, 1, features}};
  const Samples<Real> b{columns, {1, 1, features}};
  const auto tiles = Pointwise<Real>(kernel).between(comm, a, b, kBlock);
  std::vector<double> all(static_cast<std::size_t>(a.size() * b.size()));
  std::vector<Real> tile(kBlock * kBlock);
  for (std::int64_t j = 0; j < b.size(); ++j) {
    for (std::int64_t i = 0; i < a.size(); ++i) {
      if (i % kBlock == 0) tiles->compute(i / kBlock, j / kBlock, tile.data());
      all[static_cast<std::size_t>(i + j * a.size())] =
          static_cast<double>(tile[static_cast<std::size_t>(i % kBlock + j % kBlock * kBlock)]);
    }
  }
  return all;
}

template <class Real>
double pair_value(const PointwiseKernel& kernel, const std::vector<double>& x,
                  const std::vector<double>& z) {
  const auto alone = Communicator::duplicate(MPI_COMM_SELF);
  return values<Real>(kernel, {x.begin(), x.end()}, {z.begin(), z.end()},
                      static_cast<std::int64_t>(x.size()), alone)[0];
}

PointwiseKernel kernel_of(PointwiseForm form, double length_scale, std::int64_t degree = 1,
                          std::int64_t depth = 1) {
  PointwiseKernel kernel;
  kernel.form = form;
  kernel.length_scale = length_scale;
  kernel.degree = degree;
  kernel.depth = depth;
  return kernel;
}

void expect_value(const PointwiseKernel& kernel, double expected) {
  EXPECT_NEAR(pair_value<double>(kernel, kX, kZ) / expected, 1.0, 1e-14) << kernel.description();
  EXPECT_NEAR(pair_value<float>(kernel, kX, kZ) / expected, 1.0, 2e-6) << kernel.description();
  EXPECT_EQ(pair_value<double>(kernel, kX, kZ), pair_value<double>(kernel, kZ, kX));
}

TEST(Pointwise, KnownAnswersToManyDigits) {
  // x·x = 14, x·z = 6, z·z = 5.25, ‖x − z‖² = 7.25; 40 digits computed with mpmath.
  expect_value(kernel_of(PointwiseForm::gaussian, 1.5), 0.19966564006790186482);
  expect_value(kernel_of(PointwiseForm::laplace, 1.5), 0.16611832626771458667);
  expect_value(kernel_of(PointwiseForm::arccos, 0, 0, 1), 0.74675171442884986097);
  expect_value(kernel_of(PointwiseForm::arccos, 0, 0, 3), 0.77894067985275573742);
  expect_value(kernel_of(PointwiseForm::arccos, 0, 1, 1), 6.4297522896572894356);
  expect_value(kernel_of(PointwiseForm::arccos, 0, 1, 3), 7.0095115194646752028);
  expect_value(kernel_of(PointwiseForm::arccos, 0, 2, 1), 143.73873050491307963);
  expect_value(kernel_of(PointwiseForm::arccos, 0, 2, 2), 88250.831827523022964);
  expect_value(kernel_of(PointwiseForm::linear, 0), 6.0);
  expect_value(kernel_of(PointwiseForm::polynomial, 0, 3), 27.0);  // (6/3 + 1)³
  PointwiseKernel square = kernel_of(PointwiseForm::polynomial, 0, 2);
  square.gamma = 0.5;
  square.constant = 0.0;
  expect_value(square, 9.0);
}

TEST(Pointwise, IdenticalSamplesHaveDistanceZeroExactly) {
  for (const double scale : {1.0, 1e-3, 1e5}) {
    std::vector<double> x;
    x.reserve(kX.size());
    for (const double v : kX) x.push_back(v * scale / 3.0);
    for (const auto form : {PointwiseForm::gaussian, PointwiseForm::laplace}) {
      EXPECT_EQ(pair_value<double>(kernel_of(form, 1e-3), x, x), 1.0);
      EXPECT_EQ(pair_value<float>(kernel_of(form, 1e-3), x, x), 1.0);
    }
    EXPECT_EQ(pair_value<double>(kernel_of(PointwiseForm::arccos, 0, 0), x, x), 1.0);
  }
  EXPECT_EQ(pair_value<double>(kernel_of(PointwiseForm::arccos, 0, 1), {0, 0}, {0, 0}), 0.0);
  EXPECT_EQ(pair_value<double>(kernel_of(PointwiseForm::arccos, 0, 0), {0, 0}, {1, 2}), 0.5);
}

TEST(Pointwise, FarSamplesHaveKernelZeroNotNoise) {
  EXPECT_EQ(pair_value<double>(kernel_of(PointwiseForm::gaussian, 1e-3), kX, kZ), 0.0);
  EXPECT_EQ(pair_value<float>(kernel_of(PointwiseForm::laplace, 1e-3), kX, kZ), 0.0);
}

template <class Real>
std::vector<Real> random_rows(std::int64_t n, std::int64_t features) {
  std::vector<Real> rows;
  rows.reserve(static_cast<std::size_t>(n * features));
  Stream stream(3, Purpose::test, 1);
  for (std::int64_t k = 0; k < n * features; ++k)
    rows.push_back(static_cast<Real>(stream.normal()));
  std::copy_n(rows.begin(), features, rows.end() - features);  // a duplicate, far apart
  return rows;
}

std::vector<PointwiseKernel> all_forms() {
  return {kernel_of(PointwiseForm::gaussian, 2.0),   kernel_of(PointwiseForm::laplace, 2.0),
          kernel_of(PointwiseForm::arccos, 0, 0, 2), kernel_of(PointwiseForm::arccos, 0, 1, 2),
          kernel_of(PointwiseForm::arccos, 0, 2),    kernel_of(PointwiseForm::linear, 0),
          kernel_of(PointwiseForm::polynomial, 0, 3)};
}

TEST(Pointwise, NearlyEqualAndNearlyCollinearSamplesKeepTheirDifference) {
  // Far from the origin, 2^-20 apart in one coordinate, which is the length scale.
  const double step = std::exp2(-20);
  const std::vector<double> far{1000, 1001, 1002};
  const std::vector<double> beside{1000 + step, 1001, 1002};
  for (const auto form : {PointwiseForm::gaussian, PointwiseForm::laplace}) {
    const double exact = form == PointwiseForm::gaussian ? std::exp(-0.5) : std::exp(-1.0);
    EXPECT_NEAR(pair_value<double>(kernel_of(form, step), far, beside), exact, 1e-15);
  }
  // The arc-cosine kernels composed three times, with 60 digits.
  const std::vector<double> x{1, 2, 3};
  const std::vector<double> near{1.7 + 1e-7, 3.4, 5.1};
  const std::vector<double> back{-1.7 - 1e-7, -3.4, -5.1};
  const auto first = kernel_of(PointwiseForm::arccos, 0, 1, 3);
  EXPECT_NEAR(pair_value<double>(first, x, near) / 23.800000099999998771, 1.0, 2e-15);
  EXPECT_NEAR(pair_value<double>(first, x, back) / 11.750799996141952616, 1.0, 2e-15);
  const auto second = kernel_of(PointwiseForm::arccos, 0, 2, 3);
  EXPECT_NEAR(pair_value<double>(second, x, near) / 225146113276644.54781, 1.0, 1e-14);
  EXPECT_NEAR(pair_value<double>(second, x, back) / 55608701868446.553552, 1.0, 1e-14);
  const auto zeroth = kernel_of(PointwiseForm::arccos, 0, 0, 1);
  EXPECT_NEAR(pair_value<double>(zeroth, x, near), 0.99999999517780414891, 2e-16);
}

TEST(Pointwise, BitsDependOnNeitherRanksNorPlace) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto alone = Communicator::duplicate(MPI_COMM_SELF);
  const auto rows = random_rows<double>(39, 5);
  const auto narrow_rows = random_rows<float>(39, 5);
  for (const auto& kernel : all_forms()) {
    const auto all = values<double>(kernel, rows, rows, 5, world);
    EXPECT_EQ(all, values<double>(kernel, rows, rows, 5, alone)) << kernel.description();
    EXPECT_EQ(values<float>(kernel, narrow_rows, narrow_rows, 5, world),
              values<float>(kernel, narrow_rows, narrow_rows, 5, alone));
    // Sample 38 is sample 0.
    for (std::size_t i = 0; i < 38; ++i) EXPECT_EQ(all[i + 38 * 39], all[i]) << i;
    EXPECT_EQ(all[38], all[0]) << kernel.description();
  }
}

TEST(Pointwise, GramMatricesArePositiveSemidefinite) {
  const auto alone = Communicator::duplicate(MPI_COMM_SELF);
  const auto rows = random_rows<double>(39, 5);
  for (const auto& kernel : all_forms()) {
    const auto eigen = dense_symmetric_eigen(values<double>(kernel, rows, rows, 5, alone), 39);
    EXPECT_GT(eigen.values.front(), -1e-13 * eigen.values.back()) << kernel.description();
    EXPECT_GT(eigen.values.back(), 0.0);
  }
}

TEST(Pointwise, MedianDistanceOfKnownSamples) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  // On a line at 0, 1, 3, 7: distances 1, 2, 3, 4, 6, 7, median 3.5; without the last 1, 2, 3.
  const std::vector<double> line{0, 1, 3, 7};
  EXPECT_EQ(median_distance(world, Samples<double>{line, {1, 1, 1}}), 3.5);
  EXPECT_EQ(median_distance(world, Samples<double>{std::span(line).first(3), {1, 1, 1}}), 2.0);
  const std::vector<float> plane{0, 0, 3, 4, 0, 0};
  EXPECT_EQ(median_distance(world, Samples<float>{plane, {1, 1, 2}}), 5.0);
  const std::vector<double> same(6, 0.3);
  EXPECT_THROW(median_distance(world, Samples<double>{same, {1, 1, 2}}), ConfigurationError);
  EXPECT_THROW(median_distance(world, Samples<double>{same, {1, 1, 6}}), Error);
}

TEST(Pointwise, MedianDistanceLooksAtTheFirstSamplesAlone) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  std::vector<double> rows(static_cast<std::size_t>(kMedianSamples), 0.0);
  for (std::size_t i = 0; i < rows.size(); i += 2) rows[i] = 1.0;  // half the pairs, and more, at 1
  const double before = median_distance(world, Samples<double>{rows, {1, 1, 1}});
  EXPECT_EQ(before, 1.0);
  rows.resize(rows.size() + 5000, 1e9);
  EXPECT_EQ(median_distance(world, Samples<double>{rows, {1, 1, 1}}), before);
}

TEST(Pointwise, TheMedianGivesALengthScaleWhereThereIsNone) {
  PointwiseKernel kernel = kernel_of(PointwiseForm::laplace, 0.0);
  kernel.median_factor = 0.5;
  EXPECT_EQ(kernel.description(), "laplace of 0.5 times the median distance");
  EXPECT_EQ(kernel.with_median(3.0).length_scale, 1.5);
  EXPECT_EQ(kernel.with_median(3.0).description(), "laplace of length scale 1.5");
  EXPECT_EQ(kernel_of(PointwiseForm::gaussian, 2.0).with_median(3.0).length_scale, 2.0);
  EXPECT_EQ(kernel_of(PointwiseForm::linear, 0.0).with_median(3.0).length_scale, 0.0);
}

TEST(Pointwise, RefusesParametersThatMakeNoKernel) {
  const auto refused = [](PointwiseKernel kernel) {
    EXPECT_THROW(Pointwise<double>{kernel}, ConfigurationError) << kernel.description();
  };
  refused(kernel_of(PointwiseForm::gaussian, 0.0));
  refused(kernel_of(PointwiseForm::laplace, -1.0));
  refused(kernel_of(PointwiseForm::laplace, std::numeric_limits<double>::infinity()));
  refused(kernel_of(PointwiseForm::arccos, 0, 3));
  refused(kernel_of(PointwiseForm::arccos, 0, 1, 0));
  refused(kernel_of(PointwiseForm::polynomial, 0, 0));
  PointwiseKernel negative = kernel_of(PointwiseForm::polynomial, 0, 2);
  negative.constant = -1.0;
  refused(negative);
}

TEST(Exponential, IsWithinAUnitInTheLastPlace) {
  double worst = 0.0;
  double worst_float = 0.0;
  Stream stream(1, Purpose::test, 7);
  for (int i = 0; i < 200000; ++i) {
    const double x = -707.0 * std::pow(stream.uniform(), 4);
    const auto exact = std::exp(static_cast<long double>(x));
    worst = std::max(worst, static_cast<double>(std::abs(exponential(x) / exact - 1)));
    const auto narrow = static_cast<float>(x / 8.2);
    const double exact_float = std::exp(static_cast<double>(narrow));
    worst_float =
        std::max(worst_float, std::abs(static_cast<double>(exponential(narrow)) / exact_float - 1));
  }
  EXPECT_LE(worst, 2.3e-16);
  EXPECT_LE(worst_float, 1.2e-7);
  EXPECT_EQ(exponential(0.0), 1.0);
  EXPECT_EQ(exponential(-0.0F), 1.0F);
  EXPECT_EQ(exponential(-800.0), 0.0);
  EXPECT_EQ(exponential(-std::numeric_limits<float>::infinity()), 0.0F);
}

}  // namespace
}  // namespace thalweg
