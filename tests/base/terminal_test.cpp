#include "base/terminal.hpp"

#include <gtest/gtest.h>

#include <string>

namespace thalweg {
namespace {

TEST(Terminal, LettersAreCountedNotBytes) {
  EXPECT_EQ(width_of("λ_max ± 1"), 9U);
  EXPECT_EQ(width_of(""), 0U);
  EXPECT_EQ(shortened("λ_max ± 1", 9), "λ_max ± 1");
  EXPECT_EQ(shortened("λ_max ± 1", 5), "λ_ma…");
  EXPECT_EQ(width_of(shortened("a long line about nothing", 20)), 20U);
}

TEST(Terminal, LinesBreakBetweenWords) {
  EXPECT_EQ(wrapped("short\n", 20), "short\n");
  EXPECT_EQ(wrapped("  name  what it means in words", 28), "  name  what it means in\n      words");
  EXPECT_EQ(wrapped("  name  what it means in words", 28, 8),
            "  name  what it means in\n        words");
  EXPECT_EQ(wrapped("  name  what it means", 20, 8), "  name  what it\n    means")
      << "where the indent leaves no room it is given up";
  EXPECT_EQ(wrapped("one\n\ntwo", 20), "one\n\ntwo");
  EXPECT_EQ(wrapped("see /a/path/that/is/longer/than/the/line now", 20),
            "see\n    /a/path/that/is/longer/than/the/line\n    now");
  EXPECT_EQ(wrapped("", 20), "");
}

TEST(Terminal, ColumnsCanBeSaid) {
  EXPECT_EQ(stdout_columns("123"), 123U);
  EXPECT_EQ(stdout_columns("3"), 20U);
  EXPECT_GE(stdout_columns("wide"), 20U);
  EXPECT_GE(stdout_columns(""), 20U);
  EXPECT_GE(stderr_columns(), 20U);
}

}  // namespace
}  // namespace thalweg
