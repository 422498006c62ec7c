#include "runs/probe_spec.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace thalweg {
namespace {

using testing_studies::expect_parts;
using testing_studies::message_of;

std::string refusal(const std::string& text) {
  return message_of([&] { static_cast<void>(read_probe_spec(text, {5, 5})); });
}

TEST(ProbeSpec, ATypeAloneHasItsDefaults) {
  const auto spec = read_probe_spec("trace", {5, 5});
  EXPECT_EQ(spec.plan.name, "trace");
  EXPECT_EQ(spec.plan.samples, 0);
  EXPECT_NE(spec.settings.find("type = \"trace\""), std::string::npos);
  EXPECT_NE(spec.settings.find("vectors = "), std::string::npos);
}

TEST(ProbeSpec, KeysAreThoseOfATable) {
  const auto spec =
      read_probe_spec("sharpness:samples=50,statistics=frozen,epsilon=5e-4,name=\"a-b\"", {5, 5});
  EXPECT_EQ(spec.plan.name, "a-b");
  EXPECT_EQ(spec.plan.samples, 50);
  EXPECT_EQ(spec.plan.statistics, Statistics::frozen);
  EXPECT_NE(spec.settings.find("epsilon = 0.0005"), std::string::npos);
}

TEST(ProbeSpec, TheSameSettingsHaveTheSameText) {
  EXPECT_EQ(read_probe_spec("trace:vectors=4,samples=9", {5, 5}).settings,
            read_probe_spec("trace:samples=9,vectors=4", {5, 5}).settings);
  EXPECT_NE(read_probe_spec("trace:vectors=4", {5, 5}).settings,
            read_probe_spec("trace:vectors=5", {5, 5}).settings);
}

TEST(ProbeSpec, MistakesAreNamed) {
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
