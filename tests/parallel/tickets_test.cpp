#include "parallel/tickets.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/scratch.hpp"

namespace thalweg {
namespace {

/// A folder that all ranks see, removed at the end by the rank that made it.
struct SharedFolder {
  explicit SharedFolder(const Communicator& comm) : folder(comm.broadcast(scratch.path())) {}
  testing_support::Scratch scratch;
  std::string folder;
};

TEST(Tickets, EveryItemIsTakenByExactlyOneRank) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const SharedFolder shared(comm);
  const Tickets tickets(comm, shared.folder + "/checkpoints/claims");
  constexpr std::int64_t items = 100;
  std::vector<std::int64_t> mine;
  for (std::int64_t item = 0; item < items; ++item) {
    if (tickets.take(item)) mine.push_back(item);
    EXPECT_FALSE(tickets.take(item));
  }
  auto all = comm.gather_all(std::span<const std::int64_t>(mine));
  std::sort(all.begin(), all.end());
  EXPECT_EQ(static_cast<std::int64_t>(all.size()), items);
  for (std::int64_t item = 0; item < items; ++item) {
    EXPECT_EQ(all.at(static_cast<std::size_t>(item)), item);
  }
  tickets.close();
  comm.barrier();
  EXPECT_FALSE(std::filesystem::exists(shared.folder + "/checkpoints"));
  comm.barrier();
}

TEST(Tickets, WhatAnEndedProcessHadClaimedIsFree) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const SharedFolder shared(comm);
  const std::string folder = shared.folder + "/claims";
  const Tickets before(comm, folder);
  const bool first = comm.is_root() && before.take(7);
  EXPECT_EQ(first, comm.is_root());
  const Tickets after(comm, folder);
  const bool again = comm.is_root() && after.take(7);
  EXPECT_EQ(again, comm.is_root());
  after.close();
}

TEST(Tickets, AFolderThatCannotBeMadeIsAnErrorOnEveryRank) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const SharedFolder shared(comm);
  if (comm.is_root()) std::ofstream(shared.folder + "/file") << "in the way";
  comm.barrier();
  EXPECT_THROW(Tickets(comm, shared.folder + "/file/claims"), ReportedError);
  comm.barrier();
}

TEST(Tickets, AClaimThatCannotBeMadeIsAnError) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const SharedFolder shared(comm);
  const Tickets tickets(comm, shared.folder + "/claims");
  if (comm.is_root()) std::filesystem::remove_all(shared.folder + "/claims");
  comm.barrier();
  EXPECT_THROW(static_cast<void>(tickets.take(0)), Error);
  comm.barrier();
}

}  // namespace
}  // namespace thalweg
