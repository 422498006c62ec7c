#include "parallel/range_dots.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/philox.hpp"

namespace thalweg {
namespace {

template <class Real>
std::vector<Real> random_numbers(std::int64_t n) {
  Stream stream(5, Purpose::test, 9);
  std::vector<Real> values(static_cast<std::size_t>(n));
  for (auto& value : values) value = static_cast<Real>(stream.normal());
  return values;
}

template <class Real>
std::vector<double> norms(const Communicator& comm, const std::vector<Real>& whole,
                          const std::vector<Range>& ranges) {
  const VectorSpace space(comm, static_cast<std::int64_t>(whole.size()));
  return range_norms(space, std::span<const Range>(ranges),
                     space.slice_of(std::span<const Real>(whole)));
}

// Ranges within a vector block, over several, at their borders, empty, and with gaps between.
template <class Real>
void ranges_have_their_norms() {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const auto whole = random_numbers<Real>(7000);
  const std::vector<Range> ranges{{0, 3},       {3, 1030},    {1030, 1030}, {1100, 2048},
                                  {2048, 3072}, {3072, 6990}, {6999, 7000}};
  const auto found = norms(world, whole, ranges);
  EXPECT_EQ(found, norms(self, whole, ranges));
  ASSERT_EQ(found.size(), ranges.size());
  for (std::size_t k = 0; k < ranges.size(); ++k) {
    double sum = 0.0;
    for (std::int64_t i = ranges[k].begin; i < ranges[k].end; ++i) {
      const auto value = static_cast<double>(whole[static_cast<std::size_t>(i)]);
      sum += value * value;
    }
    EXPECT_NEAR(found[k], std::sqrt(sum), 1e-5 * std::sqrt(sum)) << "range " << k;
  }
}

TEST(RangeDots, HaveTheBitsOfOneRank) {
  ranges_have_their_norms<double>();
  ranges_have_their_norms<float>();
}

TEST(RangeDots, OfAFewElementsOnIdleRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const std::vector<double> whole{3.0, 4.0, 12.0};
  EXPECT_EQ(norms(world, whole, {{0, 2}, {2, 3}}), (std::vector<double>{5.0, 12.0}));
  EXPECT_EQ(norms(world, whole, {}), std::vector<double>{});
}

TEST(RangeDots, RefuseRangesThatAreNotInOrder) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const std::vector<double> whole{3.0, 4.0, 12.0};
  EXPECT_THROW((void)norms(world, whole, {{1, 3}, {0, 1}}), Error);
  EXPECT_THROW((void)norms(world, whole, {{0, 2}, {1, 3}}), Error);
  EXPECT_THROW((void)norms(world, whole, {{0, 4}}), Error);
}

}  // namespace
}  // namespace thalweg
