#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "objectives/analytic/objective_settings.hpp"

namespace thalweg {
namespace {

std::string rows_of(const std::string& type, const std::vector<Key>& keys) {
  std::string rows;
  for (const auto& key : keys) {
    rows += fmt::format("| {} | `{}` | `{}` | {} | {} |\n", type, key.name, key.default_text(),
                        key.bounds(), key.text);
  }
  return rows;
}

// The table of the README is what the kinds say of themselves.
TEST(ObjectiveKeys, StandInTheReadme) {
  const char* source = std::getenv("THALWEG_SOURCE");
  if (source == nullptr) GTEST_SKIP() << "THALWEG_SOURCE does not name the checkout";
  std::stringstream text;
  text << std::ifstream(std::string(source) + "/src/studies/README.md").rdbuf();
  std::string rows = rows_of("all", common_objective_keys());
  for (const auto& kind : objective_kinds()) rows += rows_of("`" + kind.name + "`", kind.keys);
  EXPECT_NE(text.str().find("|---|---|---|---|---|\n" + rows + "\n"), std::string::npos)
      << "expected this table:\n"
      << rows;
}

}  // namespace
}  // namespace thalweg
