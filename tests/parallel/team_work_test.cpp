#include "parallel/team_work.hpp"

#include <gtest/gtest.h>

#include <new>

namespace thalweg {
namespace {

TEST(TeamWork, WhatEndsWellIsTrue) {
  const Communicator team = Communicator::duplicate(MPI_COMM_WORLD);
  const TeamWork work(team);
  std::int64_t sum = 0;
  EXPECT_TRUE(work.attempt("sum", [&] { sum = team.sum(std::int64_t{1}); }));
  EXPECT_EQ(sum, team.size());
}

TEST(TeamWork, AfterAFailureOfAllTheTeamGoesOn) {
  const Communicator team = Communicator::duplicate(MPI_COMM_WORLD);
  const TeamWork work(team);
  EXPECT_FALSE(work.attempt("all", [] { throw Error("of all ranks"); }));
  EXPECT_FALSE(work.attempt("memory", [] { throw std::bad_alloc(); }));
  EXPECT_FALSE(work.attempt("agreed", [&] {
    collectively(team, [&] {
      if (team.is_root()) throw Error("of the root, agreed upon");
    });
  }));
  EXPECT_TRUE(work.attempt("next", [&] { team.barrier(); }));
}

TEST(TeamWork, ARankThatFailsAloneDoesNotWaitForEver) {
  const Communicator team = Communicator::duplicate(MPI_COMM_WORLD);
  // Never destroyed: the root gives up with its part of a barrier under way, on a communicator that
  // must not be freed before the job ends.
  static const TeamWork* volatile forever = nullptr;
  forever = new TeamWork(team);
  const TeamWork& work = *forever;
  if (team.size() == 1) {
    EXPECT_FALSE(work.attempt(
        "single", [] { throw Error("nobody to wait for"); }, 0.05));
    return;
  }
  const auto fail = [] { throw Error("alone"); };
  if (team.is_root()) {
    EXPECT_THROW(static_cast<void>(work.attempt("alone", fail, 0.05)), Error);
  }
  team.barrier();
  // The others follow late.
  if (!team.is_root()) {
    EXPECT_FALSE(work.attempt("late", fail));
  }
}

}  // namespace
}  // namespace thalweg
