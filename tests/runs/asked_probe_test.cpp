#include "runs/asked_probe.hpp"

#include <gtest/gtest.h>

#include "support/settings_messages.hpp"

namespace thalweg {
namespace {

using testing_settings::expect_parts;
using testing_settings::message_of;

std::string refusal(const std::string& text) {
  return message_of([&] { static_cast<void>(read_asked_probe(text, {5, 5})); });
}

TEST(AskedProbe, ATypeAloneHasItsDefaults) {
  const auto spec = read_asked_probe("trace", {5, 5});
  EXPECT_EQ(spec.plan.name, "trace");
  EXPECT_EQ(spec.plan.samples, 0);
  EXPECT_NE(spec.settings.find("type = \"trace\""), std::string::npos);
  EXPECT_NE(spec.settings.find("vectors = "), std::string::npos);
}

TEST(AskedProbe, KeysAreThoseOfATable) {
  const auto spec =
      read_asked_probe("sharpness:samples=50,statistics=frozen,epsilon=5e-4,name=\"a-b\"", {5, 5});
  EXPECT_EQ(spec.plan.name, "a-b");
  EXPECT_EQ(spec.plan.samples, 50);
  EXPECT_EQ(spec.plan.statistics, Statistics::frozen);
  EXPECT_NE(spec.settings.find("epsilon = 0.0005"), std::string::npos);
}

TEST(AskedProbe, TheSameSettingsHaveTheSameText) {
  EXPECT_EQ(read_asked_probe("trace:vectors=4,samples=9", {5, 5}).settings,
            read_asked_probe("trace:samples=9,vectors=4", {5, 5}).settings);
  EXPECT_NE(read_asked_probe("trace:vectors=4", {5, 5}).settings,
            read_asked_probe("trace:vectors=5", {5, 5}).settings);
}

TEST(AskedProbe, MistakesAreNamed) {
  expect_parts(refusal("trase"), {"--probe trase", "did you mean 'trace'"});
  expect_parts(refusal("trace:vektors=4"), {"--probe trace:vektors=4", "did you mean 'vectors'"});
  expect_parts(refusal("trace:vectors=frozen"), {"vectors", "\"frozen\"", "an integer"});
  expect_parts(refusal("trace:vectors"), {"'vectors'", "key=value"});
  expect_parts(refusal("trace:vectors=4,"), {"''", "key=value"});
  expect_parts(refusal("trace:vectors=[4,5]"), {"vectors", "an array"});
  expect_parts(refusal("trace:type=norms"), {"type"});
  expect_parts(refusal("trace:every_epochs=1"), {"every_epochs", "--at"});
  expect_parts(refusal(":vectors=4"), {"TYPE"});
  expect_parts(refusal("trace:vectors=4}, {type=\"norms\""), {"one probe"});
}

}  // namespace
}  // namespace thalweg
