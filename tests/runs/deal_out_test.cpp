#include "runs/deal_out.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "support/scratch.hpp"

namespace thalweg {
namespace {

TEST(DealOut, TheLongestComesFirstAndEqualsStayInOrder) {
  const std::vector<double> costs{1.0, 5.0, 3.0, 5.0};
  const std::vector<std::size_t> order{1, 3, 2, 0};
  EXPECT_EQ(longest_first(costs), order);
}

class DealOutRuns : public ::testing::Test {
 protected:
  DealOutRuns() : world(Communicator::duplicate(MPI_COMM_WORLD)) {
    folder = world.broadcast(scratch.path());
  }

  Dealt deal(std::int64_t team_size, std::vector<std::function<RunOutcome()>> makes) {
    const Teams teams(world, team_size, makes.size());
    std::vector<DealtRun> runs;
    for (std::size_t i = 0; i < makes.size(); ++i) {
      runs.push_back({std::to_string(i), static_cast<double>(i % 3), [&, i] {
                        if (teams.mine().is_root()) made.push_back(static_cast<std::int64_t>(i));
                        return makes[i]();
                      }});
    }
    Dealt dealt = deal_out(teams, folder, runs, Log(false, false));
    world.barrier();
    return dealt;
  }
  /// Numbers of the runs made by all teams, sorted.
  std::vector<std::int64_t> all_made() const {
    auto all = world.gather_all(std::span<const std::int64_t>(made));
    std::sort(all.begin(), all.end());
    return all;
  }

  testing_support::Scratch scratch;
  Communicator world;
  std::string folder;
  std::vector<std::int64_t> made;
};

TEST_F(DealOutRuns, EveryRunIsMadeOnce) {
  const auto work = [] {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return RunOutcome::done;
  };
  const Dealt dealt = deal(1, std::vector<std::function<RunOutcome()>>(12, work));
  EXPECT_FALSE(dealt.interrupted);
  EXPECT_TRUE(dealt.failed.empty());
  std::vector<std::int64_t> each(12);
  for (std::size_t i = 0; i < each.size(); ++i) each[i] = static_cast<std::int64_t>(i);
  EXPECT_EQ(all_made(), each);
}

TEST_F(DealOutRuns, AFailedRunLeavesTheOthersAlone) {
  std::vector<std::function<RunOutcome()>> makes(7, [] { return RunOutcome::done; });
  makes[4] = []() -> RunOutcome { throw Error("no such thing"); };
  makes[1] = []() -> RunOutcome { throw std::bad_alloc(); };
  const Dealt dealt = deal(2, makes);
  EXPECT_EQ(dealt.failed, (std::vector<std::string>{"1", "4"}));
  EXPECT_EQ(all_made().size(), 7U);
}

TEST_F(DealOutRuns, AnInterruptedRunIsSeenByAll) {
  std::vector<std::function<RunOutcome()>> makes(3, [] { return RunOutcome::done; });
  makes[0] = [] { return RunOutcome::interrupted; };
  EXPECT_TRUE(deal(1, makes).interrupted);
}

TEST_F(DealOutRuns, RanksLeftOverJoinTheLastTeam) {
  const Teams teams(world, 2, 5);
  const std::int64_t expected = std::max<std::int64_t>(1, world.size() / 2);
  EXPECT_EQ(teams.count(), expected);
  EXPECT_EQ(world.max(teams.index()), expected - 1);
  EXPECT_EQ(Teams(world, 0, 100).count(), world.size());
  EXPECT_EQ(Teams(world, 0, 1).count(), 1);
}

}  // namespace
}  // namespace thalweg
