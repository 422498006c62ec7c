#include <gtest/gtest.h>

#include <cmath>

#include "base/philox.hpp"
#include "parallel/ordered_reduction.hpp"
#include "parallel/vector_space.hpp"

namespace thalweg {
namespace {

double leaf_value(std::int64_t leaf, std::int64_t i) {
  Stream stream(5, Purpose::test, static_cast<std::uint64_t>(leaf * 10000 + i));
  return stream.normal() * std::pow(10.0, stream.uniform(-6.0, 6.0));
}

// Every number of leaves around the number of ranks, idle ranks among them: the bits of one rank.
TEST(OrderedReduction, ShortVectorsHaveTheBitsOfOneRank) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const std::int64_t width = 3;
  for (std::int64_t leaves = 0; leaves <= 20; ++leaves) {
    const auto sum = [&](const Communicator& comm) {
      const OrderedReduction reduction(comm, leaves);
      return reduction.all_sum_of(width, [&](std::int64_t leaf, std::span<double> values) {
        for (std::int64_t i = 0; i < width; ++i)
          values[static_cast<std::size_t>(i)] = leaf_value(leaf, i);
      });
    };
    EXPECT_EQ(sum(world), sum(self)) << leaves << " leaves";
  }
}

template <class Real>
void long_vectors_match() {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  for (const std::int64_t dimension : {5, 1024, 5000, 300000}) {  // the last in several rounds
    for (const std::int64_t leaves : {1, 2, 5, 8, 13}) {
      std::vector<Real> values_of;
      for (std::int64_t k = 0; k < leaves * 97; ++k) {
        values_of.push_back(static_cast<Real>(leaf_value(k / 97, k % 97)));
      }
      const auto sum = [&](const Communicator& comm) {
        const VectorSpace space(comm, dimension);
        const OrderedReduction reduction(comm, leaves);
        std::vector<AlignedVector<Real>> nodes;
        for (const auto node : reduction.nodes()) {
          TreeSum<AlignedVector<Real>> tree(leaves);
          const auto [begin, end] = leaves_of(node, leaves);
          for (std::int64_t leaf = begin; leaf < end; ++leaf) {
            AlignedVector<Real> values(static_cast<std::size_t>(dimension));
            for (std::int64_t i = 0; i < dimension; ++i) {
              values[static_cast<std::size_t>(i)] =
                  values_of[static_cast<std::size_t>(leaf * 97 + i % 97)];
            }
            tree.push({0, leaf}, std::move(values), [](auto& left, const auto& right) {
              for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
            });
          }
          nodes.push_back(tree.nodes().front().second);
        }
        std::vector<Real> slice(static_cast<std::size_t>(space.slice().size()));
        reduction.reduce_to_slices<Real>(space, nodes, slice);
        std::vector<Real> by_messages(slice.size());
        reduction.reduce_by_messages<Real>(space, nodes, by_messages);
        EXPECT_EQ(by_messages, slice);
        std::vector<Real> whole(static_cast<std::size_t>(dimension));
        space.gather(std::span<const Real>(slice), std::span(whole));
        return whole;
      };
      EXPECT_EQ(sum(world), sum(self)) << dimension << " elements, " << leaves << " leaves";
    }
  }
}

TEST(OrderedReduction, LongVectorsHaveTheBitsOfOneRank) {
  long_vectors_match<float>();
  long_vectors_match<double>();
}

TEST(VectorSpace, DotProductsHaveTheBitsOfOneRank) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  for (const std::int64_t n : {1, 1023, 1024, 1025, 10000}) {
    const auto dots = [n](const Communicator& comm) {
      const VectorSpace space(comm, n);
      std::vector<double> a;
      std::vector<double> b;
      for (std::int64_t i = space.slice().begin; i < space.slice().end; ++i) {
        a.push_back(leaf_value(1, i));
        b.push_back(leaf_value(2, i));
      }
      const std::vector<std::vector<double>> both{a, b};
      auto several = space.dots(both, b);
      several.push_back(space.dot(std::span<const double>(a), std::span<const double>(b)));
      EXPECT_EQ(several[0], several[2]);
      EXPECT_EQ(std::sqrt(several[1]), space.norm(std::span<const double>(b)));
      return several;
    };
    EXPECT_EQ(dots(world), dots(self)) << n;
  }
}

TEST(VectorSpace, SlicesCoverTheVector) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const VectorSpace space(world, 2500);
  std::int64_t at = 0;
  for (int rank = 0; rank < world.size(); ++rank) {
    EXPECT_EQ(space.slice(rank).begin, at);
    at = space.slice(rank).end;
  }
  EXPECT_EQ(at, 2500);
}

}  // namespace
}  // namespace thalweg
