#include <gtest/gtest.h>

#include "optimizers/direct/nuclear_norm.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

struct Shape {
  std::int64_t rows;
  std::int64_t columns;
};

// One to five shards of the longer side.
const std::vector<Shape> kShapes{{12, 20}, {20, 12}, {300, 24}, {24, 600}, {1100, 6}};

MatrixEntries entries_of(Shape shape) {
  const auto left = testing::random_vector(shape.rows * 2, 1);
  const auto right = testing::random_vector(shape.columns * 2, 2);
  return testing::some_entries(testing::composed(left, {1.0, 1.0}, right), shape.columns, 0.5, 3);
}

std::vector<double> transposed(const std::vector<double>& matrix, Shape shape) {
  std::vector<double> other(matrix.size());
  for (std::int64_t i = 0; i < shape.rows; ++i) {
    for (std::int64_t j = 0; j < shape.columns; ++j) {
      other[static_cast<std::size_t>(j * shape.rows + i)] =
          matrix[static_cast<std::size_t>(i * shape.columns + j)];
    }
  }
  return other;
}

MatrixEntries transposed(const MatrixEntries& entries, Shape shape) {
  MatrixEntries other;
  for (std::int64_t j = 0; j < shape.columns; ++j) {
    for (std::size_t k = 0; k < entries.value.size(); ++k) {
      if (entries.column[k] == j) other.add(j, entries.row[k], entries.value[k]);
    }
  }
  return other;
}

/// The matrix, the state and the certificate's numbers.
std::vector<double> all_of(NuclearNormCompletion& completion) {
  auto all = completion.matrix();
  const auto state = completion.state();
  all.insert(all.end(), state.begin(), state.end());
  const auto found = completion.certificate();
  all.insert(all.end(), found.singular_values.begin(), found.singular_values.end());
  all.insert(all.end(), {found.lower, found.upper, found.gap, static_cast<double>(found.rank)});
  return all;
}

class NuclearNormIdentity : public ::testing::Test {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
};

TEST_F(NuclearNormIdentity, HasTheBitsOfOneRank) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  for (const auto shape : kShapes) {
    NuclearNormCompletion together(world_, shape.rows, shape.columns, entries_of(shape), {});
    NuclearNormCompletion alone(self, shape.rows, shape.columns, entries_of(shape), {});
    EXPECT_EQ(together.threshold(), alone.threshold());
    for (int k = 0; k < 12; ++k) {
      together.step();
      alone.step();
    }
    EXPECT_TRUE(testing::same_bits(all_of(together), all_of(alone)))
        << shape.rows << " x " << shape.columns;
  }
}

TEST_F(NuclearNormIdentity, RestoredStateContinuesWithTheSameBits) {
  for (const auto shape : kShapes) {
    NuclearNormCompletion whole(world_, shape.rows, shape.columns, entries_of(shape), {});
    NuclearNormCompletion second(world_, shape.rows, shape.columns, entries_of(shape), {});
    for (int k = 0; k < 5; ++k) whole.step();
    const auto state = whole.state();
    EXPECT_EQ(state.size(), static_cast<std::size_t>(shape.rows * shape.columns));
    second.restore(state);
    EXPECT_TRUE(testing::same_bits(second.state(), state));
    EXPECT_TRUE(testing::same_bits(second.matrix(), whole.matrix()));
    for (int k = 0; k < 5; ++k) {
      whole.step();
      second.step();
    }
    EXPECT_FALSE(testing::same_bits(whole.state(), state));
    EXPECT_TRUE(testing::same_bits(all_of(whole), all_of(second)))
        << shape.rows << " x " << shape.columns;
  }
}

TEST_F(NuclearNormIdentity, OfTheTransposedProblemIsTransposed) {
  for (const auto shape : kShapes) {
    const auto entries = entries_of(shape);
    NuclearNormCompletion upright(world_, shape.rows, shape.columns, entries, {2.0});
    NuclearNormCompletion flipped(world_, shape.columns, shape.rows, transposed(entries, shape),
                                  {2.0});
    for (int k = 0; k < 12; ++k) {
      upright.step();
      flipped.step();
    }
    EXPECT_TRUE(testing::same_bits(flipped.matrix(), transposed(upright.matrix(), shape)))
        << shape.rows << " x " << shape.columns;
    const auto a = upright.certificate();
    const auto b = flipped.certificate();
    EXPECT_NEAR(a.lower, b.lower, 1e-12 * a.lower);
    EXPECT_NEAR(a.upper, b.upper, 1e-12 * a.upper);
    EXPECT_EQ(a.rank, b.rank);
  }
}

}  // namespace
}  // namespace thalweg
