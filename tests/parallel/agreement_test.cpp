#include "parallel/agreement.hpp"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(Agreement, EndsWhenAllHaveFinishedAndCountsTheirWork) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  Agreement agreement(comm);
  const std::int64_t mine = 5 * comm.rank();  // ranks finish at different times
  std::int64_t done = 0;
  for (;;) {
    const auto round = agreement.poll(false, done == mine, done);
    if (round) {
      EXPECT_FALSE(round->stop);
      if (round->all_finished) {
        EXPECT_EQ(round->done, comm.sum(mine));
        break;
      }
    }
    if (done < mine) ++done;
  }
  EXPECT_EQ(done, mine);
}

TEST(Agreement, OneRanksWishStopsAllInTheSameRound) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  Agreement agreement(comm);
  std::int64_t rounds = 0;
  for (std::int64_t polls = 0;; ++polls) {
    const auto round = agreement.poll(comm.rank() == comm.size() - 1 && polls > 50, false, 0);
    if (!round) continue;
    ++rounds;
    if (round->stop) break;
  }
  EXPECT_EQ(comm.min(rounds), comm.max(rounds));
}

}  // namespace
}  // namespace thalweg
