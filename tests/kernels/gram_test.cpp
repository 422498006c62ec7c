#include "kernels/gram.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#include "base/blas_setup.hpp"
#include "base/philox.hpp"
#include "kernels/fully_connected_tiles.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {
namespace {

/// Samples that hold duplicates (5 = 140, 7 = 8) and opposites.
template <class Real>
std::vector<Real> samples(std::int64_t n, std::int64_t features) {
  std::vector<Real> rows(static_cast<std::size_t>(n * features));
  for (std::int64_t i = 0; i < n; ++i) {
    Stream stream(11, Purpose::test, static_cast<std::uint64_t>(i == 140 ? 5 : (i == 8 ? 7 : i)));
    for (std::int64_t k = 0; k < features; ++k) {
      rows[static_cast<std::size_t>(i * features + k)] = static_cast<Real>(stream.normal());
    }
  }
  return rows;
}

template <class Real>
std::vector<Real> assembled(const Communicator& comm, const FullyConnectedKernel& kernel,
                            const std::vector<Real>& rows, std::int64_t features) {
  const auto n = static_cast<std::int64_t>(rows.size()) / features;
  const ProcessGrid grid(comm);
  const Samples<Real> set{rows, {1, 1, features}};
  const FullyConnectedTiles<Real> tiles(comm, kernel, set, set, choose_block(n));
  DistributedMatrix<Real> gram(grid, n, n, choose_block(n));
  EXPECT_TRUE(assemble_gram(tiles, gram, nullptr, WorkControl{}));
  return gram.all_gather();
}

template <class Real>
class Gram : public testing::Test {
 protected:
  Communicator comm_ = Communicator::duplicate(MPI_COMM_WORLD);
  Communicator self_ = comm_.split(comm_.rank());
};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(Gram, Reals);

TYPED_TEST(Gram, HasTheSameBitsOnAnyNumberOfRanks) {
  constexpr std::int64_t n = 203;
  constexpr std::int64_t features = 37;
  const auto rows = samples<TypeParam>(n, features);
  FullyConnectedKernel kernel;
  kernel.bias_variance = .1;
  const auto together = assembled(this->comm_, kernel, rows, features);
  const auto alone = assembled(this->self_, kernel, rows, features);
  std::int64_t different = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    for (std::int64_t i = 0; i <= j; ++i) {
      const auto at = static_cast<std::size_t>(i + j * n);
      different += std::memcmp(&together[at], &alone[at], sizeof(TypeParam)) == 0 ? 0 : 1;
    }
  }
  EXPECT_EQ(different, 0);
}

/// Does this BLAS give an element of a product the same bits wherever it stands? Its kernels for
/// Zen and Haswell do not: the columns that one block takes more than another are added up
/// differently.
template <class Real>
bool blas_treats_places_alike() {
  constexpr std::int64_t n = 256;
  for (std::int64_t k = 145; k < 161; ++k) {
    Stream stream(9, Purpose::test, static_cast<std::uint64_t>(k));
    std::vector<Real> left(static_cast<std::size_t>(n * k));
    std::vector<Real> right(left.size());
    for (std::size_t i = 0; i < left.size(); ++i) {
      const auto first = i % static_cast<std::size_t>(k);
      left[i] = i == first ? static_cast<Real>(stream.normal()) : left[first];
      right[i] = i == first ? static_cast<Real>(stream.normal()) : right[first];
    }
    std::vector<Real> product(static_cast<std::size_t>(n * n));
    gemm(false, true, n, n, k, Real{1}, left.data(), right.data(), Real{0}, product.data());
    for (const Real value : product) {
      if (value != product.front()) return false;
    }
  }
  return true;
}

// More than the promise, which is of tiles: the bits of an element within its tile.
TYPED_TEST(Gram, AnElementsBitsDoNotDependOnItsPlace) {
  if (!blas_treats_places_alike<TypeParam>()) {
    GTEST_SKIP() << "the BLAS kernel for " << blas_core() << " adds up by place";
  }
  // The same samples in another order, so that every pair meets at another place of another tile.
  constexpr std::int64_t n = 1601;
  constexpr std::int64_t features = 150;
  const auto rows = samples<TypeParam>(n, features);
  std::vector<TypeParam> moved(rows.size());
  const auto image = [](std::int64_t i) { return (i * 577 + 19) % n; };
  for (std::int64_t i = 0; i < n; ++i) {
    std::copy_n(rows.begin() + i * features, features, moved.begin() + image(i) * features);
  }
  const auto original = assembled(this->self_, FullyConnectedKernel{}, rows, features);
  const auto shuffled = assembled(this->self_, FullyConnectedKernel{}, moved, features);
  std::int64_t different = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    for (std::int64_t i = 0; i <= j; ++i) {
      const std::int64_t a = std::min(image(i), image(j));
      const std::int64_t b = std::max(image(i), image(j));
      different += original[static_cast<std::size_t>(i + j * n)] !=
                           shuffled[static_cast<std::size_t>(a + b * n)]
                       ? 1
                       : 0;
    }
  }
  EXPECT_EQ(different, 0);
}

TYPED_TEST(Gram, IdenticalInputsHaveAngleZero) {
  constexpr std::int64_t n = 203;
  const auto gram = assembled(this->comm_, FullyConnectedKernel{}, samples<TypeParam>(n, 64), 64);
  const auto at = [&](std::int64_t i, std::int64_t j) {
    return gram[static_cast<std::size_t>(i + j * n)];
  };
  EXPECT_EQ(at(5, 140), at(5, 5));
  EXPECT_EQ(at(5, 140), at(140, 140));
  EXPECT_EQ(at(7, 8), at(8, 8));
  EXPECT_NE(at(5, 6), at(5, 5));
}

TYPED_TEST(Gram, EveryUpperTileHasOneOwner) {
  const ProcessGrid grid(this->comm_);
  const DistributedMatrix<TypeParam> gram(grid, 203, 203, 32);
  const auto mine = static_cast<std::int64_t>(my_upper_tiles(gram).size());
  EXPECT_EQ(this->comm_.sum(mine), 7 * 8 / 2);
}

TYPED_TEST(Gram, StopsWhenAskedAndSaysSo) {
  const auto rows = samples<TypeParam>(203, 8);
  const ProcessGrid grid(this->comm_);
  const Samples<TypeParam> set{rows, {1, 1, 8}};
  DistributedMatrix<TypeParam> gram(grid, 203, 203, 32);
  WorkControl control;
  // One rank's wish stops all.
  control.stop = [&] { return this->comm_.rank() == this->comm_.size() - 1; };
  const FullyConnectedTiles<TypeParam> tiles(this->comm_, FullyConnectedKernel{}, set, set, 32);
  EXPECT_FALSE(assemble_gram(tiles, gram, nullptr, control));
}

}  // namespace
}  // namespace thalweg
