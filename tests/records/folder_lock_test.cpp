#include "records/folder_lock.hpp"

#include <gtest/gtest.h>
#include <mpi.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "records/file_descriptor.hpp"
#include "records/heartbeat.hpp"
#include "support/scratch.hpp"

namespace thalweg {
namespace {

using testing_support::Scratch;

const LockHolder kMine{"here", 4242, "", {"here"}};
const LockPatience kNone{0.0, 0.0};

std::string refusal(const std::string& folder, const LockPatience& patience) {
  try {
    const FolderLock lock(folder, kMine, patience);
  } catch (const ConfigurationError& error) {
    return error.what();
  }
  return {};
}

/// A process that does `hold` and then waits to be killed.
template <class Hold>
pid_t holding(const Hold& hold) {
  std::array<int, 2> ready{};
  EXPECT_EQ(pipe(ready.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    hold([&] {
      const char byte = 1;
      if (write(ready[1], &byte, 1) == 1) pause();
    });
    _exit(0);
  }
  char byte = 0;
  EXPECT_EQ(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  close(ready[1]);
  return child;
}

void end(pid_t child) {
  kill(child, SIGKILL);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

bool on_first_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank == 0;
}

TEST(FolderLock, ASecondJobIsRefusedAndToldWhoHoldsIt) {
  if (!on_first_rank()) GTEST_SKIP() << "one rank takes locks";
  const Scratch scratch;
  {
    FolderLock lock(scratch.path(), kMine, kNone);
    EXPECT_NE(refusal(scratch.path(), kNone).find("in use by process 4242 on here"),
              std::string::npos);
    lock.share();
    const FolderLock joined(scratch.path(), lock.text(), 0.0);
    EXPECT_FALSE(refusal(scratch.path(), kNone).empty());
    lock.remove();
  }
  EXPECT_FALSE(std::filesystem::exists(scratch.file(FolderLock::kName)));
  EXPECT_EQ(refusal(scratch.path(), kNone), "");
}

TEST(FolderLock, AKilledHoldersLockIsStale) {
  if (!on_first_rank()) GTEST_SKIP() << "one rank takes locks";
  const Scratch scratch;
  end(holding([&](const auto& wait) {
    const FolderLock lock(scratch.path(), {"elsewhere", 1, "7", {"elsewhere"}}, kNone);
    wait();
  }));
  EXPECT_TRUE(std::filesystem::exists(scratch.file(FolderLock::kName)));
  EXPECT_EQ(refusal(scratch.path(), kNone), "");
}

TEST(FolderLock, StaysUntilTheLastProcessOfAKilledJobIsGone) {
  if (!on_first_rank()) GTEST_SKIP() << "one rank takes locks";
  const Scratch scratch;
  pid_t other = 0;
  {
    FolderLock root(scratch.path(), kMine, kNone);
    root.share();
    other = holding([&](const auto& wait) {
      const FolderLock joined(scratch.path(), root.text(), 0.0);
      wait();
    });
  }
  EXPECT_NE(refusal(scratch.path(), {0.1, 0.0}), "");
  end(other);
  EXPECT_EQ(refusal(scratch.path(), kNone), "");
}

/// What another host's job leaves of its lock where locks do not reach this host.
void write_lock(const Scratch& scratch, const std::string& text) {
  std::ofstream(scratch.file(FolderLock::kName)) << text;
}

constexpr const char* kElsewhere =
    "host elsewhere\npid 7\njob 12\nhosts elsewhere third\nsince_ns 1\n";

TEST(FolderLock, IsHeldByAnotherHostAsLongAsThatBeats) {
  if (!on_first_rank()) GTEST_SKIP() << "one rank takes locks";
  const Scratch scratch;
  write_lock(scratch, kElsewhere);
  {
    const FileDescriptor held(scratch.file(FolderLock::kName), O_RDWR);
    const Heartbeat beat(held.id(), 0.02);
    const std::string refused = refusal(scratch.path(), {0.0, 60.0});
    EXPECT_NE(refused.find("process 7 on elsewhere, its ranks on elsewhere, third, job 12"),
              std::string::npos)
        << refused;
  }
  EXPECT_EQ(refusal(scratch.path(), {0.0, 0.3}), "");
}

TEST(FolderLock, IsNotWatchedWhereALockProvesTheEnd) {
  if (!on_first_rank()) GTEST_SKIP() << "one rank takes locks";
  const Scratch scratch;
  const LockPatience endless{0.0, 1e9};
  write_lock(scratch, "host here\npid 7\njob \nhosts here\n");
  EXPECT_EQ(refusal(scratch.path(), endless), "");
  write_lock(scratch, kElsewhere);
  const FolderLock next_turn(scratch.path(), {"here", 1, "12", {"here"}}, endless);
}

TEST(FolderLock, OnlyOneTakesAFolderOver) {
  if (!on_first_rank()) GTEST_SKIP() << "one rank takes locks";
  const Scratch scratch;
  // Its maker was killed while it took the folder.
  std::ofstream(scratch.file(".lock.taking"));
  EXPECT_EQ(refusal(scratch.path(), {0.0, 0.1}), "");
  EXPECT_FALSE(std::filesystem::exists(scratch.file(".lock.taking")));
}

TEST(FolderLock, AHostThatSeesAnotherFolderCannotJoin) {
  if (!on_first_rank()) GTEST_SKIP() << "one rank takes locks";
  const Scratch here;
  const Scratch there;
  FolderLock lock(here.path(), kMine, kNone);
  lock.share();
  EXPECT_THROW(FolderLock(there.path(), lock.text(), 0.0), Error);
  FolderLock other(there.path(), kMine, kNone);
  other.share();
  EXPECT_THROW(FolderLock(there.path(), lock.text(), 0.0), Error);
}

}  // namespace
}  // namespace thalweg
