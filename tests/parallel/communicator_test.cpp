#include "parallel/communicator.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "parallel/process_grid.hpp"
#include "parallel/shared_window.hpp"

namespace thalweg {
namespace {

TEST(Communicator, GathersBlocksInRankOrder) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const std::vector<std::int64_t> mine(static_cast<std::size_t>(world.rank()), world.rank());
  const auto all = world.gather_all(std::span<const std::int64_t>(mine));
  std::vector<std::int64_t> expected;
  for (int rank = 0; rank < world.size(); ++rank)
    expected.insert(expected.end(), static_cast<std::size_t>(rank), rank);
  EXPECT_EQ(all, expected);
  const auto names =
      world.gather_strings(std::string(static_cast<std::size_t>(world.rank()), 'x') + "!");
  for (int rank = 0; rank < world.size(); ++rank) {
    EXPECT_EQ(names[static_cast<std::size_t>(rank)],
              std::string(static_cast<std::size_t>(rank), 'x') + "!");
  }
}

TEST(Communicator, ReducesAndBroadcasts) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  EXPECT_EQ(world.max(std::int64_t{world.rank()}), world.size() - 1);
  EXPECT_EQ(world.min(std::int64_t{world.rank()}), 0);
  EXPECT_EQ(world.sum(std::int64_t{1}), world.size());
  EXPECT_EQ(world.broadcast(world.is_root() ? "from the root" : ""), "from the root");
  EXPECT_TRUE(world.any(world.rank() == world.size() - 1));
  EXPECT_FALSE(world.any(false));
}

TEST(Communicator, SplitsIntoTeams) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto team = world.split(world.rank() / 2);
  EXPECT_LE(team.size(), 2);
  EXPECT_EQ(team.sum(std::int64_t{1}), team.size());
  EXPECT_EQ(team.rank(), world.rank() % 2);
}

TEST(Communicator, ReportsMpiErrors) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  std::vector<double> value(1);
  EXPECT_THROW(world.broadcast(std::span(value), world.size() + 7), Error);
}

// The error of any one rank reaches all of them, with its code; nobody waits.
TEST(Collectively, TurnsOneRanksErrorIntoEveryRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  for (int culprit = 0; culprit < world.size(); ++culprit) {
    try {
      collectively(world, [&] {
        if (world.rank() == culprit) throw ConfigurationError("planted");
      });
      ADD_FAILURE() << "no error on rank " << world.rank();
    } catch (const ReportedError& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
    }
  }
  EXPECT_NO_THROW(collectively(world, [] {}));
}

TEST(SharedWindow, ShowsEveryRankOfTheNodeOneCopy) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto node = world.split_by_node();
  const SharedWindow window(node, 100 * static_cast<std::int64_t>(sizeof(double)));
  if (node.is_root()) std::iota(window.as<double>().begin(), window.as<double>().end(), 0.0);
  window.fence();
  EXPECT_EQ(window.as<double>()[99], 99.0);
}

TEST(SharedWindow, MoreThanTheNodeHasIsRefusedOnAllItsRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto node = world.split_by_node();
  if (node.size() == 1) GTEST_SKIP() << "a single rank shares nothing";
  EXPECT_THROW(SharedWindow(node, std::int64_t{1} << 50), ReportedError);
}

TEST(ProcessGrid, IsAsSquareAsTheRanksAllow) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const ProcessGrid grid(world);
  EXPECT_EQ(grid.rows() * grid.columns(), world.size());
  EXPECT_LE(grid.rows(), grid.columns());
  EXPECT_EQ(grid.rank_at(grid.my_row(), grid.my_column()), world.rank());
  EXPECT_THROW(ProcessGrid(world, world.size() + 1, 1), Error);
}

}  // namespace
}  // namespace thalweg
