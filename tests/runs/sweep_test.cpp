#include <gtest/gtest.h>

#include "runs/run_settings.hpp"
#include "settings/settings.hpp"
#include "support/settings_messages.hpp"

namespace thalweg {
namespace {

using testing_settings::expect_parts;
using testing_settings::message_of;

constexpr const char* kStudy = R"(
[optimizer]
learning_rate = 0.5
[sweep]
seeds = [1, 2]
"train.batch" = [16, 64]
optimizer.momentum = [0.0, 0.9, 1e-20]
[[run]]
name = "a run"
[[run]]
name = "ghosts"
model.batch_norm = "none"
)";

std::string refusal(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const Settings settings = Settings::parse(text, "s.toml", overrides);
  return message_of([&] {
    static_cast<void>(read_run_specs(settings, 0));
    settings.reject_unknown();
  });
}

TEST(Sweep, EveryRunIsMadeWithEveryCombinationAndSeed) {
  const Settings settings = Settings::parse(kStudy, "s.toml");
  const auto plans = read_run_specs(settings, 7);
  settings.reject_unknown();
  ASSERT_EQ(plans.size(), 2U * 2U * 3U * 2U);
  EXPECT_EQ(plans[0].name, "a_run-batch16-momentum0-seed1");
  EXPECT_EQ(plans[0].group, "a run-batch16-momentum0");
  EXPECT_EQ(plans[0].family, "a run-momentum0");
  EXPECT_EQ(plans[1].seed, 2U);
  EXPECT_EQ(plans[3].name, "a_run-batch16-momentum0.9-seed2");
  EXPECT_EQ(plans[3].optimizer.values.number("momentum"), 0.9);
  EXPECT_EQ(plans[3].train.batch, 16);
  EXPECT_EQ(plans[3].learning_rate, 0.5);
  EXPECT_EQ(plans[23].name, "ghosts-batch64-momentum1e-20-seed2");
  EXPECT_EQ(plans[23].train.batch, 64);
  EXPECT_EQ(plans[23].model.batch_norm, BatchNormKind::none);
}

TEST(Sweep, TheResolvedTextReadsBackToTheSameRuns) {
  // The rate's default depends on the optimiser, which is swept over.
  const std::string text = R"(
[sweep]
"optimizer.type" = ["sgd", "adam"]
"model.widths" = [[8], [8, 4]]
)";
  const Settings first = Settings::parse(text, "s.toml");
  const auto plans = read_run_specs(first, 3);
  const Settings second = Settings::parse(first.resolved(), "resolved.toml");
  const auto again = read_run_specs(second, 3);
  second.reject_unknown();
  EXPECT_EQ(second.resolved(), first.resolved());
  ASSERT_EQ(plans.size(), 4U);
  ASSERT_EQ(again.size(), 4U);
  for (std::size_t i = 0; i < plans.size(); ++i) {
    EXPECT_EQ(again[i].name, plans[i].name);
    EXPECT_EQ(again[i].learning_rate, plans[i].learning_rate);
    EXPECT_EQ(again[i].model.mlp.widths, plans[i].model.mlp.widths);
  }
  EXPECT_EQ(plans[1].name, "run-typesgd-widths8x4");
  EXPECT_EQ(plans[0].learning_rate, 0.1);
  EXPECT_EQ(plans[2].learning_rate, 1e-3);
}

TEST(Sweep, TheCommandLineReplacesAListOfTheFile) {
  const Settings settings = Settings::parse(kStudy, "s.toml", {"sweep.train.batch=[32]"});
  const auto plans = read_run_specs(settings, 7);
  settings.reject_unknown();
  EXPECT_EQ(plans.size(), 2U * 1U * 3U * 2U);
  EXPECT_EQ(plans.front().train.batch, 32);
}

TEST(Sweep, MistakesNameTheirLine) {
  expect_parts(refusal("\n[sweep]\n\"train.batchh\" = [1, 2]\n"),
               {"s.toml:3", "[train] batchh", "batch"});
  expect_parts(refusal("[sweep]\n\"trian.batch\" = [8]\n"), {"s.toml:2", "trian", "train"});
  expect_parts(refusal("[sweep]\n\"data.train\" = [8]\n"), {"s.toml:2", "data"});
  expect_parts(refusal("[sweep]\n\"train.batch\" = [8, \"many\"]\n"),
               {"s.toml:2", "[train] batch", "many", "integer"});
  expect_parts(refusal("[sweep]\n\"train.batch\" = [8, 0]\n"), {"s.toml:2", "batch", "0"});
  expect_parts(refusal("[sweep]\n\"train.batch\" = []\n"), {"s.toml:2", "list of values"});
  expect_parts(refusal("[sweep]\n\"train.batch\" = 8\n"), {"s.toml:2", "list of values"});
  expect_parts(refusal("[sweep]\n\"train.batch\" = [8, 8]\n"), {"s.toml:2", "8", "twice"});
  expect_parts(refusal("[sweep]\nbatch = [8]\n"), {"s.toml:2", "batch", "dotted key", "seeds"});
  expect_parts(refusal("[sweep]\n\"train.batch\" = [8]\ntrain.batch = [9]\n"),
               {"s.toml:", "train.batch", "twice"});
  expect_parts(refusal("[sweep]\n\"train.batch\" = [8]\n[[run]]\ntrain.batch = 9\n"),
               {"s.toml:4", "batch", "[sweep]"});
  expect_parts(refusal("[sweep]\n\"model.type\" = [\"a/b\"]\n"), {"s.toml:2", "a/b"});
  expect_parts(refusal("[sweep]\nseeds = []\n"), {"s.toml:2", "seeds"});
}

TEST(Sweep, KeysThatARunHasNoUseForAreRefused) {
  const std::string types = "[sweep]\n\"optimizer.type\" = [\"adam\", \"sgd\"]\n";
  expect_parts(refusal(types + "\"optimizer.beta1\" = [0.5, 0.9]\n"),
               {"s.toml:3", "[optimizer] beta1", "run-beta10.5-typesgd", "no use"});
  expect_parts(refusal(types + "optimizer.beta1 = [0.9]\n"), {"s.toml:3", "beta1", "no use"});
  expect_parts(refusal("[sweep]\n\"optimizer.beta1\" = [0.5]\n[[run]]\nname = \"a\"\n"
                       "optimizer.type = \"adam\"\n[[run]]\nname = \"b\"\n"),
               {"s.toml:2", "beta1", "'b-beta10.5'"});
  EXPECT_EQ(refusal(types + "\"optimizer.weight_decay\" = [0.0, 0.1]\n"), "nothing was thrown");
  EXPECT_EQ(refusal("[sweep]\n\"optimizer.beta1\" = [0.5]\n[optimizer]\ntype = \"adam\"\n"),
            "nothing was thrown");
}

}  // namespace
}  // namespace thalweg
