#include "kernels/empirical_kernel.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/philox.hpp"
#include "kernels/fully_connected_tiles.hpp"
#include "kernels/kernel_matrix.hpp"

namespace thalweg {
namespace {

EmpiricalKernelOptions net(std::vector<std::int64_t> widths, std::int64_t outputs,
                           std::uint64_t seed) {
  EmpiricalKernelOptions options;
  options.network.widths = std::move(widths);
  options.network.outputs = outputs;
  options.network.batch_norm = BatchNormKind::none;
  options.network.parametrization = Parametrization::ntk;
  options.network.bias_std = .1;
  options.seed = seed;
  return options;
}

template <class Real>
std::vector<Real> normal_rows(std::int64_t n, std::int64_t d) {
  Stream stream(41, Purpose::test, 0);
  std::vector<Real> rows(static_cast<std::size_t>(n * d));
  for (auto& value : rows) value = static_cast<Real>(stream.normal());
  return rows;
}

/// All of a kernel as rows × columns, through its tiles.
template <class Real>
std::vector<Real> whole(const Communicator& comm, const Kernel<Real>& kernel,
                        const Samples<Real>& rows, const Samples<Real>& columns,
                        std::int64_t block) {
  const auto tiles = kernel.between(comm, rows, columns, block);
  std::vector<Real> all(static_cast<std::size_t>(rows.size() * columns.size()));
  std::vector<Real> tile(static_cast<std::size_t>(block * block));
  for (std::int64_t r = 0; r < tiles->row_panels(); ++r) {
    for (std::int64_t c = 0; c < tiles->column_panels(); ++c) {
      tiles->compute(r, c, tile.data());
      for (std::int64_t i = r * block; i < std::min((r + 1) * block, rows.size()); ++i) {
        for (std::int64_t j = c * block; j < std::min((c + 1) * block, columns.size()); ++j) {
          all[static_cast<std::size_t>(i * columns.size() + j)] =
              tile[static_cast<std::size_t>((j - c * block) * block + i - r * block)];
        }
      }
    }
  }
  return all;
}

// E‖Θ̂ − Θ‖ falls like width^(−1/2). Relative distances, averaged over twelve nets a
// width; a straight line through five widths.
TEST(EmpiricalKernel, ApproachesTheAnalyticOneAsTheRootOfTheWidth) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto rows = normal_rows<double>(12, 6);
  const Samples<double> samples{rows, {1, 1, 6}};
  FullyConnectedKernel limit;
  limit.depth = 2;
  limit.bias_variance = .01;
  const auto theta = whole<double>(world, FullyConnected<double>(limit), samples, samples, 16);
  double norm = 0.0;
  for (const double value : theta) norm += value * value;
  std::vector<double> x;
  std::vector<double> y;
  for (const std::int64_t width : {32, 64, 128, 256, 512}) {
    double distance = 0.0;
    constexpr std::uint64_t seeds = 12;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      const EmpiricalKernel<double> kernel(net({width, width}, 1, seed));
      const auto found = whole<double>(world, kernel, samples, samples, 16);
      double gap = 0.0;
      for (std::size_t i = 0; i < theta.size(); ++i) {
        gap += (found[i] - theta[i]) * (found[i] - theta[i]);
      }
      distance += std::sqrt(gap / norm) / static_cast<double>(seeds);
    }
    x.push_back(std::log(static_cast<double>(width)));
    y.push_back(std::log(distance));
  }
  double mean_x = 0.0;
  double mean_y = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / static_cast<double>(x.size());
    mean_y += y[i] / static_cast<double>(x.size());
  }
  double xx = 0.0;
  double xy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  EXPECT_NEAR(xy / xx, -.5, .08);
  EXPECT_LT(std::exp(y.back()), .15);
  EXPECT_GT(std::exp(y.back()), .02);
}

// Tiles of any size, padded or not, in strips or whole, are the same numbers.
TEST(EmpiricalKernel, TilesOfAnySizeAgree) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto rows = normal_rows<double>(29, 6);
  const Samples<double> all{rows, {1, 1, 6}};
  const Samples<double> few{std::span<const double>(rows).subspan(0, 7 * 6), {1, 1, 6}};
  std::vector<double> first;
  for (const auto method :
       {TangentMethod::structure, TangentMethod::jacobian, TangentMethod::products}) {
    auto options = net({9, 8}, 3, 2);
    options.method = method;
    const EmpiricalKernel<double> kernel(options);
    const auto small = whole<double>(world, kernel, all, all, 8);
    const auto large = whole<double>(world, kernel, all, all, 32);
    const auto part = whole<double>(world, kernel, few, all, 16);
    if (first.empty()) first = small;
    for (std::size_t i = 0; i < small.size(); ++i) {
      EXPECT_NEAR(small[i], first[i], 1e-12);
      EXPECT_NEAR(large[i], first[i], 1e-12);
    }
    for (std::size_t i = 0; i < part.size(); ++i) EXPECT_NEAR(part[i], first[i], 1e-12);
    const auto mirrored = kernel_matrix(world, kernel, all, all);
    for (std::size_t i = 0; i < 29; ++i) {
      for (std::size_t j = 0; j < 29; ++j) {
        EXPECT_NEAR(mirrored[i * 29 + j], first[i * 29 + j], 1e-12);
        EXPECT_EQ(mirrored[i * 29 + j], mirrored[j * 29 + i]);
      }
    }
    EXPECT_EQ(kernel_matrix(world, kernel, few, all), whole<double>(world, kernel, few, all, 64));
  }
  auto options = net({9, 8}, 3, 2);
  options.strip_flops = 1.0;
  const EmpiricalKernel<double> kernel(options);
  EXPECT_EQ(kernel.between(world, all, all, 128)->strips(), 4);
  const auto in_strips = whole<double>(world, kernel, all, all, 128);
  const auto part_in_strips = whole<double>(world, kernel, few, all, 64);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_NEAR(in_strips[i], first[i], 1e-12);
  for (std::size_t i = 0; i < part_in_strips.size(); ++i) {
    EXPECT_NEAR(part_in_strips[i], first[i], 1e-12);
  }
}

TEST(EmpiricalKernel, GivenParametersAreThoseOfTheDescription) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto rows = normal_rows<double>(5, 6);
  const Samples<double> samples{rows, {1, 1, 6}};
  auto options = net({9}, 2, 7);
  options.network.inputs = 6;
  const auto network = make_mlp<double>(options.network);
  std::vector<double> w(static_cast<std::size_t>(network.parameter_count()));
  network.initialise(std::span<double>(w), 7);
  const EmpiricalKernel<double> initial(options);
  const EmpiricalKernel<double> given(options, w);
  EXPECT_EQ(whole<double>(world, initial, samples, samples, 8),
            whole<double>(world, given, samples, samples, 8));
  w[0] += 1.0;
  const EmpiricalKernel<double> moved(options, w);
  EXPECT_NE(moved.description(), given.description());
  EXPECT_NE(given.description(), initial.description());
  w.pop_back();
  const EmpiricalKernel<double> short_of_one(options, w);
  EXPECT_THROW(static_cast<void>(short_of_one.between(world, samples, samples, 8)), Error);
  options.network.batch_norm = BatchNormKind::batch;
  options.network.parametrization = Parametrization::standard;
  EXPECT_THROW(EmpiricalKernel<double>{options}, ConfigurationError);
}

}  // namespace
}  // namespace thalweg
