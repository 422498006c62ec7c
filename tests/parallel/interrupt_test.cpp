#include "parallel/interrupt.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace thalweg {
namespace {

/// How a process ends that gets these signals: by what it returns, whether it was asked to stop, or
/// by a signal.
int end_after(std::initializer_list<int> signals) {
  const pid_t child = fork();
  if (child == 0) {
    const Interrupt interrupt;
    for (const int signal : signals) raise(signal);
    _exit(Interrupt::requested() ? 75 : 0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

TEST(Interrupt, AsksToStopAndASecondCtrlCEndsAtOnce) {
  for (const auto signals : {std::initializer_list<int>{SIGINT},
                             {SIGTERM},
                             {SIGUSR1},
                             {SIGTERM, SIGINT},
                             {SIGINT, SIGTERM, SIGUSR1}}) {
    const int status = end_after(signals);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 75) << status;
  }
  const int none = end_after({});
  EXPECT_TRUE(WIFEXITED(none) && WEXITSTATUS(none) == 0) << none;
  const int twice = end_after({SIGINT, SIGINT});
  EXPECT_TRUE(WIFSIGNALED(twice) && WTERMSIG(twice) == SIGINT) << twice;
}

}  // namespace
}  // namespace thalweg
