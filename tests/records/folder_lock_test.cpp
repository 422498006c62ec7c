#include "records/folder_lock.hpp"

#include <gtest/gtest.h>
#include <mpi.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "base/error.hpp"
#include "support/scratch.hpp"

namespace thalweg {
namespace {

using testing_support::Scratch;

const LockHolder kMine{"here", 4242, ""};

std::string refusal(const std::string& folder, double patience_s) {
  try {
    const FolderLock lock(folder, kMine, patience_s);
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
    FolderLock lock(scratch.path(), kMine, 0.0);
    EXPECT_NE(refusal(scratch.path(), 0.0).find("in use by process 4242 on here"),
              std::string::npos);
    lock.share();
    const FolderLock joined(scratch.path());
    EXPECT_FALSE(refusal(scratch.path(), 0.0).empty());
    lock.remove();
  }
  EXPECT_FALSE(std::filesystem::exists(scratch.file(FolderLock::kName)));
  EXPECT_EQ(refusal(scratch.path(), 0.0), "");
}

TEST(FolderLock, AKilledHoldersLockIsStale) {
  if (!on_first_rank()) GTEST_SKIP() << "one rank takes locks";
  const Scratch scratch;
  end(holding([&](const auto& wait) {
    const FolderLock lock(scratch.path(), {"elsewhere", 1, "7"}, 0.0);
    wait();
  }));
  EXPECT_TRUE(std::filesystem::exists(scratch.file(FolderLock::kName)));
  EXPECT_EQ(refusal(scratch.path(), 0.0), "");
}

TEST(FolderLock, StaysUntilTheLastProcessOfAKilledJobIsGone) {
  if (!on_first_rank()) GTEST_SKIP() << "one rank takes locks";
  const Scratch scratch;
  pid_t other = 0;
  {
    FolderLock root(scratch.path(), kMine, 0.0);
    root.share();
    other = holding([&](const auto& wait) {
      const FolderLock joined(scratch.path());
      wait();
    });
  }
  EXPECT_NE(refusal(scratch.path(), 0.1), "");
  end(other);
  EXPECT_EQ(refusal(scratch.path(), 0.0), "");
}

}  // namespace
}  // namespace thalweg
