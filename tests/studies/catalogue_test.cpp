#include "studies/catalogue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "optimizers/options.hpp"

namespace thalweg {
namespace {

TEST(Catalogue, HasEveryNameOnce) {
  for (const auto& category : catalogue()) {
    std::set<std::string> names;
    for (const auto& entry : category.entries) {
      EXPECT_TRUE(names.insert(entry.name).second) << category.name << ": " << entry.name;
    }
  }
}

TEST(Catalogue, HasEveryOptimizer) {
  const auto& all = catalogue();
  const auto optimizers = std::find_if(
      all.begin(), all.end(), [](const auto& category) { return category.name == "optimizers"; });
  ASSERT_NE(optimizers, all.end());
  for (const auto& kind : optimizer_kinds()) {
    EXPECT_TRUE(std::any_of(optimizers->entries.begin(), optimizers->entries.end(),
                            [&](const auto& entry) { return entry.name == kind.name; }))
        << kind.name;
  }
}

}  // namespace
}  // namespace thalweg
