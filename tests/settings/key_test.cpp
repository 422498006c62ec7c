#include "settings/key.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
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

const std::vector<Key> kConditional{
    {"draws", std::int64_t{0}, {.least = 0.0}, "how many"},
    {"sigma", 0.1, {.above = 0.0, .below = 1.0}, "how wide", KeyCondition{"draws"}},
    {"law", std::string("none"), {.words = {"none", "one", "other"}}, "which"},
    {"radius", 0.05, {}, "of the one", KeyCondition{"law", {"one"}}},
    {"radius", 0.5, {.least = 0.2}, "of the other", KeyCondition{"law", {"other"}}},
    {"steps", std::vector<std::string>{}, {.words = {"center", "zca"}}, "in order"},
    {"weight", 1.0, {}, "of zca", KeyCondition{"steps", {"zca"}}},
    {"column", std::variant<std::int64_t, std::string>{std::int64_t{-1}}, {}, "number or name"},
    {"sizes", std::vector<std::int64_t>{4}, {.least = 1.0}, "several"}};

Values read_conditional(const std::string& text) {
  const Settings settings = Settings::parse(text, "study.toml");
  Values values(settings, kConditional);
  values.refuse_idle(settings, kConditional);
  settings.reject_unknown();
  return values;
}

TEST(Key, BoundsMayBeExclusive) {
  EXPECT_EQ(kConditional[1].bounds(), "above 0 and below 1");
  EXPECT_EQ(read_conditional("draws = 1\nsigma = 0.5").number("sigma"), 0.5);
  expect_parts(message_of([] { read_conditional("draws = 1\nsigma = 0"); }),
               {":2", "sigma", "above 0"});
  expect_parts(message_of([] { read_conditional("draws = 1\nsigma = 1"); }),
               {":2", "sigma", "below 1"});
}

TEST(Key, WhatAnotherKeyTakesTheMeaningFromIsRefused) {
  expect_parts(message_of([] { read_conditional("sigma = 0.5"); }),
               {"study.toml:1", "sigma", "needs draws above 0, but draws is 0"});
  expect_parts(message_of([] { read_conditional("weight = 2.0\nsteps = [\"center\"]"); }),
               {"weight", "steps = zca"});
  EXPECT_EQ(read_conditional("").number("sigma"), 0.1);
}

TEST(Key, UsualValueAndRangeMayFollowAnotherKey) {
  EXPECT_EQ(read_conditional("law = \"one\"").number("radius"), 0.05);
  EXPECT_EQ(read_conditional("law = \"other\"").number("radius"), 0.5);
  EXPECT_EQ(read_conditional("law = \"one\"\nradius = 0.1").number("radius"), 0.1);
  EXPECT_EQ(read_conditional("law = \"other\"\nradius = 0.3").number("radius"), 0.3);
  expect_parts(message_of([] { read_conditional("law = \"other\"\nradius = 0.1"); }),
               {"radius", "at least 0.2"});
  expect_parts(message_of([] { read_conditional("radius = 0.3"); }), {"radius", "law = one"});
}

TEST(Key, ListsAndNamesAreReadToo) {
  const Values values =
      read_conditional("steps = [\"zca\", \"center\"]\nweight = 2\ncolumn = \"y\"\nsizes = [1, 2]");
  EXPECT_EQ(values.strings("steps"), (std::vector<std::string>{"zca", "center"}));
  EXPECT_EQ(values.number("weight"), 2.0);
  EXPECT_EQ(std::get<std::string>(values.integer_or_string("column")), "y");
  EXPECT_EQ(values.integers("sizes"), (std::vector<std::int64_t>{1, 2}));
  expect_parts(message_of([] { read_conditional("steps = [\"pca\"]"); }), {"pca", "center, zca"});
  expect_parts(message_of([] { read_conditional("sizes = [0]"); }), {"sizes", "0", "at least 1"});
}

TEST(Key, AProgramMaySetWhatIsThere) {
  Values values(kConditional);
  values.set("sigma", 0.7);
  EXPECT_EQ(values.number("sigma"), 0.7);
  EXPECT_THROW(values.set("sigma", std::int64_t{1}), Error);
  EXPECT_THROW(values.set("tau", 0.7), Error);
}

}  // namespace
}  // namespace thalweg
