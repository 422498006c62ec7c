#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "base/error.hpp"
#include "objectives/analytic/analytic.hpp"
#include "objectives/analytic/least_squares.hpp"
#include "runs/run_settings.hpp"
#include "studies/catalogue.hpp"
#include "support/measured.hpp"

namespace thalweg {
namespace {

std::vector<ProbeSpec> plans(const std::string& text) {
  const Settings settings = Settings::parse(text, "s.toml");
  auto found = read_probe_specs(settings, {5, 5});
  settings.reject_unknown();
  return found;
}

void expect_refused(const std::string& keys, const std::vector<std::string>& words) {
  try {
    (void)plans("[[probe]]\n" + keys);
    ADD_FAILURE() << "accepted: " << keys;
  } catch (const ConfigurationError& error) {
    const std::string message = error.what();
    for (const auto& word : words) {
      EXPECT_NE(message.find(word), std::string::npos) << '"' << word << "\" not in: " << message;
    }
  }
}

TEST(ProbeSettings, KnowEveryProbeOfTheCatalogue) {
  for (const auto& category : catalogue()) {
    if (category.name != "probes") continue;
    EXPECT_GE(category.entries.size(), 7U);
    for (const auto& entry : category.entries) {
      if (entry.description.starts_with("[[")) continue;  // tables of their own, such as [[slice]]
      const auto found = plans("[[probe]]\ntype = \"" + entry.name + "\"\n");
      EXPECT_EQ(found.size(), 1U);
      EXPECT_EQ(found[0].name, entry.name);
      EXPECT_NE(found[0].probe, nullptr);
    }
  }
}

std::vector<double> drawn(const std::string& keys, DrawSeeds seeds) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  LeastSquares sum(self, {3, 0, -1, 0, 1, 2, 1, -2}, {-1, -1, -1, -1});
  const Settings settings = Settings::parse("[[probe]]\n" + keys, "s.toml");
  const auto plan = read_probe_specs(settings, seeds)[0];
  settings.reject_unknown();
  const auto same = keys.find("same_draws = true") != std::string::npos;
  EXPECT_EQ(plan.draw_seed, same ? seeds.study : seeds.run);
  return testing::numbers(plan.probe->measure(sum, std::vector<double>{0.5, 0.2}, {}));
}

// By the run's seed; with same_draws by the study's.
TEST(ProbeSettings, DrawsFollowTheRunUnlessAllAreToBeAlike) {
  for (const std::string keys :
       {"type = \"perturbation\"\ndraws = 4\n", "type = \"local_entropy\"\ndraws = 3\n",
        "type = \"noise_scale\"\ndraws = 3\nsmall = 1\nlarge = 3\n"}) {
    EXPECT_NE(drawn(keys, {5, 1}), drawn(keys, {5, 2})) << keys;
    EXPECT_EQ(testing::bits(drawn(keys, {4, 1})), testing::bits(drawn(keys, {5, 1}))) << keys;
    const auto alike = keys + "same_draws = true\n";
    EXPECT_EQ(testing::bits(drawn(alike, {5, 1})), testing::bits(drawn(alike, {5, 2}))) << keys;
    EXPECT_EQ(testing::bits(drawn(alike, {1, 7})), testing::bits(drawn(keys, {5, 1}))) << keys;
  }
  // What draws nothing has no use for the key.
  for (const std::string type : {"norms", "noise_scale", "kernel_drift"}) {
    expect_refused("type = \"" + type + "\"\nsame_draws = true\n", {"same_draws"});
  }
  expect_refused("type = \"perturbation\"\ndraws = 0\nsame_draws = true\n", {"same_draws"});
}

TEST(ProbeSettings, OfASweepOverSeedsEachRunHasItsOwn) {
  const Settings settings = Settings::parse(
      "[sweep]\nseeds = [7, 8]\n[[run]]\nname = \"a\"\n[[probe]]\ntype = \"trace\"\n"
      "[[probe]]\ntype = \"trace\"\nname = \"alike\"\nsame_draws = true\n"
      "[[probe]]\ntype = \"norms\"\n",
      "s.toml");
  const auto runs = read_run_specs(settings, 3);
  EXPECT_EQ(runs.size(), 2U);
  for (const auto& run : runs) {
    EXPECT_EQ(run.probes[0].draw_seed, run.seed);
    EXPECT_EQ(run.probes[1].draw_seed, 3U);
    EXPECT_FALSE(run.probes[2].draw_seed.has_value());
  }
  EXPECT_NE(runs[0].seed, runs[1].seed);
}

TEST(ProbeSettings, ReadTheNoiseScale) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  LeastSquares sum(world, {3, 0, -1, 0, 1, 2, 1, -2}, {-1, -1, -1, -1});
  const std::vector<double> x{0.0, 0.0};
  const auto plain = plans("[[probe]]\ntype = \"noise_scale\"\n")[0];
  EXPECT_EQ(plain.samples, 0);
  EXPECT_TRUE(plain.probe->needs_separate_samples());
  const auto few = plain.probe->measure(sum, x, {});
  EXPECT_FALSE(testing::has_scalar(few, "noise_scale"));
  EXPECT_FALSE(testing::has_scalar(few, "two_batch_noise_trace"));
  const auto full = plans(
      "[[probe]]\ntype = \"noise_scale\"\nsamples = 4\ncurvature_samples = 4\ndraws = 3\nsmall = "
      "1\n"
      "large = 9\nreplacement = true\n")[0];
  EXPECT_EQ(full.samples, 4);
  const auto found = full.probe->measure(sum, x, {});
  EXPECT_NEAR(testing::scalar(found, "noise_scale"), 10.0 / 3.0, 1e-13);
  EXPECT_EQ(testing::detail<double>(found, "small_norm_squared").size(), 3U);
}

TEST(ProbeSettings, ReadTheEdgeOfStability) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective bowl(world, 3, quadratic({3, 0, 0, 0, 2, 0, 0, 0, 1}, {0, 0, 0}));
  const std::vector<double> x{1.0, 1.0, 1.0};
  const auto plan =
      plans("[[probe]]\ntype = \"edge_of_stability\"\niterations = 1\nevery_steps = 4\n")[0];
  EXPECT_EQ(plan.every_steps, 4);
  EXPECT_EQ(testing::scalar(plan.probe->measure(bowl, x, {}), "products"), 2.0);
  const auto loose = plans("[[probe]]\ntype = \"edge_of_stability\"\ntolerance = 10\n")[0];
  EXPECT_EQ(testing::scalar(loose.probe->measure(bowl, x, {}), "products"), 2.0);
}

TEST(ProbeSettings, ReadTheMeasuresOfPerturbation) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective bowl(world, 2, quadratic({1, 0, 0, 9}, {0, 0}));
  const std::vector<double> x{3.0, 1.0 / 3.0};
  const auto sam = plans(
      "[[probe]]\ntype = \"perturbation\"\nradius = 0.1\nsteps = 2\nadaptive = true\ndraws = 0\n")
      [0];
  const auto found = sam.probe->measure(bowl, x, {});
  EXPECT_NEAR(testing::scalar(found, "gradient_norm"), std::sqrt(82.0), 1e-13);
  EXPECT_EQ(testing::detail<double>(found, "step_rise").size(), 2U);
  EXPECT_GT(testing::scalar(found, "sam_rise"), 0.1 * std::sqrt(82.0));
  EXPECT_FALSE(testing::has_scalar(found, "average_rise"));
  const auto entropy =
      plans("[[probe]]\ntype = \"local_entropy\"\ngamma = 1e8\ntemperature = 1e-3\ndraws = 7\n")[0];
  // So near that f is linear: −Δf/T is of the size of ‖g‖/(T√γ) = .42.
  EXPECT_GT(testing::scalar(entropy.probe->measure(bowl, x, {}), "effective_draws"), 4.0);
  EXPECT_LT(testing::scalar(entropy.probe->measure(bowl, x, {}), "effective_draws"), 7.0);
}

TEST(ProbeSettings, ReadWhichCurvatureIsMeant) {
  using Attributes = std::map<std::string, std::string>;
  for (const char* type : {"hessian_extremes", "eigenpairs", "trace", "spectral_density"}) {
    const std::string text = std::string("[[probe]]\ntype = \"") + type + "\"\n";
    EXPECT_EQ(plans(text)[0].probe->attributes(), (Attributes{{"matrix", "hessian"}}));
    EXPECT_EQ(
        plans(text + "matrix = \"gauss_newton\"\nblock = \"dense1\"\n")[0].probe->attributes(),
        (Attributes{{"matrix", "gauss_newton"}, {"block", "dense1"}}));
    EXPECT_EQ(plans(text + "matrix = \"empirical_fisher\"\n")[0].probe->attributes(),
              (Attributes{{"matrix", "empirical_fisher"}}));
  }
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective bowl(world, 2, quadratic({1, 0, 0, 9}, {0, 0}));
  const auto thirds = plans("[[probe]]\ntype = \"trace\"\nmethod = \"hutch++\"\nvectors = 18\n")[0];
  const auto found = thirds.probe->measure(bowl, std::vector<double>{1.0, 1.0}, {});
  EXPECT_NEAR(testing::scalar(found, "trace"), 10.0, 1e-12);
  EXPECT_EQ(testing::scalar(found, "products"), 14.0);  // 6, a basis of both dimensions, 6
}

TEST(ProbeSettings, SayWhichHalfOfTheDataIsMeant) {
  EXPECT_EQ(plans("[[probe]]\ntype = \"norms\"\n")[0].half, Half::train);
  for (const char* type :
       {"sharpness", "hessian_extremes", "eigenpairs", "trace", "spectral_density", "norms"}) {
    const auto found = plans(std::string("[[probe]]\ntype = \"") + type + "\"\ndata = \"test\"\n");
    EXPECT_EQ(found[0].half, Half::test);
  }
  for (const char* type : {"kernel_drift", "noise_scale", "edge_of_stability"}) {
    expect_refused(std::string("type = \"") + type + "\"\ndata = \"test\"\n",
                   {"s.toml:3", "data", type, "about training", "\"train\""});
  }
  expect_refused("data = \"validation\"\n", {"data", "validation", "train", "test"});
}

TEST(ProbeSettings, RefuseWhatMakesNoSense) {
  const std::string noise = "type = \"noise_scale\"\n";
  expect_refused(noise + "curvature_samples = 1\n",
                 {"s.toml:3", "curvature_samples", "at least 2"});
  expect_refused(noise + "curvature_samples = -3\n", {"curvature_samples", "-3"});
  expect_refused(noise + "draws = 1\n", {"draws", "at least 2"});
  expect_refused(noise + "draws = 4\nsmall = 8\nlarge = 8\n", {"small", "8", "large"});
  expect_refused(noise + "draws = 4\nsmall = 0\n", {"small", "0"});
  expect_refused(noise + "draws = 4\nreplacement = 1\n", {"replacement"});
  expect_refused(noise + "small = 8\n", {"small", "draws is 0"});
  expect_refused(noise + "large = 8\n", {"large", "draws is 0"});
  expect_refused(noise + "replacement = true\n", {"replacement", "draws is 0"});
  expect_refused(noise + "iterations = 3\n", {"iterations"});
  expect_refused("type = \"edge_of_stability\"\niterations = 0\n", {"iterations", "0"});
  expect_refused("type = \"edge_of_stability\"\ntolerance = 0\n", {"tolerance"});
  expect_refused("type = \"norms\"\ntolerance = 0.1\n", {"tolerance"});
  expect_refused("type = \"norm\"\n", {"norm", "norms"});
  const std::string ball = "type = \"perturbation\"\n";
  expect_refused(ball + "radius = 0\n", {"radius"});
  expect_refused(ball + "steps = 0\n", {"steps", "0"});
  expect_refused(ball + "draws = 1\n", {"draws", "at least 2"});
  expect_refused(ball + "draws = 0\nsigma = 0.1\n", {"sigma", "draws is 0"});
  expect_refused(ball + "adaptive = 1\n", {"adaptive"});
  expect_refused("type = \"pac_bayes\"\ndrop = 1.5\n", {"drop", "1.5", "below 1"});
  expect_refused("type = \"pac_bayes\"\ndraws = 1\n", {"draws", "1"});
  expect_refused("type = \"local_entropy\"\ntemperature = 0\n", {"temperature"});
  expect_refused("type = \"trace\"\nmethod = \"hutch++\"\nvectors = 5\n", {"vectors", "5", "6"});
  expect_refused("type = \"trace\"\nmethod = \"hutch\"\n", {"hutch", "hutchinson", "hutch++"});
  expect_refused("type = \"trace\"\nmatrix = \"fisher\"\n", {"fisher", "empirical_fisher"});
  expect_refused("type = \"norms\"\nblock = \"dense1\"\n", {"block"});
  expect_refused("type = \"sharpness\"\nmatrix = \"hessian\"\n", {"matrix"});
}

}  // namespace
}  // namespace thalweg
