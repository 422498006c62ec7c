#include "base/shell_quoted.hpp"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(ShellQuoted, QuotesOnlyWhatAShellWouldChange) {
  EXPECT_EQ(shell_quoted("train.batch=8"), "train.batch=8");
  EXPECT_EQ(shell_quoted(""), "''");
  EXPECT_EQ(shell_quoted("two words"), "'two words'");
  EXPECT_EQ(shell_quoted("it's $HOME"), "'it'\\''s $HOME'");
}

}  // namespace
}  // namespace thalweg
