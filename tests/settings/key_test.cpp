#include "settings/key.hpp"

#include <gtest/gtest.h>

#include "support/settings_messages.hpp"

namespace thalweg {
namespace {

using testing_settings::expect_parts;
using testing_settings::message_of;

const std::vector<Key> kKeys{
    {"count", std::int64_t{3}, {.least = 1.0, .most = 9.0}, "how many"},
    {"rate", 0.5, {.least = 0.0}, "how fast"},
    {"on", true, {}, "whether"},
    {"law", std::string("normal"), {.words = {"normal", "uniform"}}, "which"},
    {"points", std::vector<double>{1.0, 2.5}, {}, "where"}};

Values read(const std::string& text) {
  return {Settings::parse(text, "study.toml"), kKeys};
}

TEST(Key, UsualValuesAreThoseOfAnEmptyTable) {
  const Values values = read("");
  EXPECT_EQ(values.integer("count"), 3);
  EXPECT_EQ(values.number("rate"), 0.5);
  EXPECT_TRUE(values.boolean("on"));
  EXPECT_EQ(values.string("law"), "normal");
  EXPECT_EQ(values.numbers("points"), (std::vector<double>{1.0, 2.5}));
}

TEST(Key, ReadsWhatIsThere) {
  const Values values = read("count = 9\nrate = 2\non = false\nlaw = \"uniform\"\npoints = [7]");
  EXPECT_EQ(values.integer("count"), 9);
  EXPECT_EQ(values.number("rate"), 2.0);
  EXPECT_FALSE(values.boolean("on"));
  EXPECT_EQ(values.string("law"), "uniform");
  EXPECT_EQ(values.numbers("points"), std::vector<double>{7.0});
}

TEST(Key, RefusesByNameWhatIsOutOfRange) {
  expect_parts(message_of([] { read("count = 10"); }),
               {"study.toml:1", "count", "10", "an integer from 1 to 9"});
  expect_parts(message_of([] { read("rate = -0.5"); }), {"rate", "-0.5", "a number at least 0"});
  expect_parts(message_of([] { read("rate = inf"); }), {"rate", "inf"});
  expect_parts(message_of([] { read("law = \"cauchy\""); }), {"law", "cauchy", "normal"});
  expect_parts(message_of([] { read("points = [1, nan]"); }), {"points", "nan", "finite"});
  expect_parts(message_of([] { read("count = \"many\""); }), {"count", "many"});
}

TEST(Key, SaysWhatItTakes) {
  EXPECT_EQ(kKeys[0].type(), "integer");
  EXPECT_EQ(kKeys[0].bounds(), "from 1 to 9");
  EXPECT_EQ(kKeys[0].default_text(), "3");
  EXPECT_EQ(kKeys[1].bounds(), "at least 0");
  EXPECT_EQ(kKeys[2].default_text(), "true");
  EXPECT_EQ(kKeys[3].type(), "string");
  EXPECT_EQ(kKeys[3].bounds(), "one of normal, uniform");
  EXPECT_EQ(kKeys[3].default_text(), "\"normal\"");
  EXPECT_EQ(kKeys[4].type(), "numbers");
  EXPECT_EQ(kKeys[4].default_text(), "[1, 2.5]");
}

}  // namespace
}  // namespace thalweg
