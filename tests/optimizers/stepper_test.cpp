#include "optimizers/stepper.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "optimizers/support.hpp"

namespace thalweg {
namespace {

class StepperTest : public testing::Test {
 protected:
  Communicator self_ = Communicator::duplicate(MPI_COMM_SELF);
  VectorSpace plane_{self_, 2};
};

// H = diag(1, 9), w = (3, ⅓), ρ = .05: the gradient at w + ε̂ is (3.0353553, 3.3181981).
TEST_F(StepperTest, SamStepsWithTheGradientAtThePerturbedPoint) {
  OptimizerOptions options;
  options.sharpness_aware = "sam";
  Stepper<double> stepper(plane_, {}, options);
  std::vector<double> w{3.0, 1.0 / 3.0};
  const double loss = stepper.step(w, 1.0, test::quadratic<double>(plane_, {1.0, 9.0}));
  EXPECT_NEAR(loss, 5.0, 1e-14);  // of w itself
  EXPECT_NEAR(3.0 - w[0], 3.0353553, 5e-8);
  EXPECT_NEAR(1.0 / 3.0 - w[1], 3.3181981, 5e-8);
}

// ε̂ = ρ w² g/‖|w| g‖, written out: |w| g = (9, 1).
TEST_F(StepperTest, AsamPerturbsInProportionToTheWeights) {
  OptimizerOptions options;
  options.sharpness_aware = "asam";
  options.radius = 0.5;
  Stepper<double> stepper(plane_, {}, options);
  std::vector<double> w{3.0, -1.0 / 3.0};
  stepper.step(w, 1.0, test::quadratic<double>(plane_, {1.0, 9.0}));
  const double norm = std::sqrt(82.0);
  EXPECT_NEAR(3.0 - w[0], 3.0 + 0.5 * 9.0 * 3.0 / norm, 1e-11);
  EXPECT_NEAR(-1.0 / 3.0 - w[1], 9.0 * (-1.0 / 3.0 + 0.5 * (1.0 / 9.0) * -3.0 / norm), 1e-11);
}

TEST_F(StepperTest, AtAStationaryPointSamStaysThere) {
  for (const char* kind : {"sam", "asam"}) {
    OptimizerOptions options;
    options.sharpness_aware = kind;
    Stepper<double> stepper(plane_, {}, options);
    std::vector<double> w{0.0, 0.0};
    stepper.step(w, 1.0, test::quadratic<double>(plane_, {1.0, 9.0}));
    EXPECT_EQ(w, (std::vector<double>{0.0, 0.0})) << kind;
  }
}

// The second gradient may be another function's: its own samples, say.
TEST_F(StepperTest, PerturbedGradientIsTheOneGivenForIt) {
  OptimizerOptions options;
  options.sharpness_aware = "sam";
  Stepper<double> stepper(plane_, {}, options);
  std::vector<double> w{1.0, 1.0};
  std::vector<double> seen;
  stepper.step(w, 0.5, test::constant<double>(plane_, {0.0, 2.0}),
               [&](std::span<const double> x, std::span<double> g) {
                 seen.assign(x.begin(), x.end());
                 g[0] = 1.0;
                 g[1] = -1.0;
                 return 7.0;
               });
  EXPECT_NEAR(seen[0], 1.0, 1e-15);
  EXPECT_NEAR(seen[1], 1.05, 1e-12);
  EXPECT_EQ(w, (std::vector<double>{0.5, 1.5}));
}

// (3, −4) clipped to norm 2 by PyTorch's clip_grad_norm_.
TEST_F(StepperTest, ClipsByTheGlobalNormAndDecaysAfterwards) {
  OptimizerOptions options;
  options.clip_norm = 2.0;
  options.weight_decay = 0.125;
  Stepper<double> stepper(plane_, {}, options);
  std::vector<double> w{1.0, 2.0};
  stepper.step(w, 1.0, test::constant<double>(plane_, {3.0, -4.0}));
  EXPECT_NEAR(w[0], 1.0 - 0.125 - 1.199999760000048, 1e-14);
  EXPECT_NEAR(w[1], 2.0 - 0.25 + 1.599999680000064, 1e-14);
  options.clip_norm = 5.1;  // above the norm: nothing changes
  options.weight_decay = 0.0;
  Stepper<double> loose(plane_, {}, options);
  w = {1.0, 2.0};
  loose.step(w, 1.0, test::constant<double>(plane_, {3.0, -4.0}));
  EXPECT_EQ(w, (std::vector<double>{-2.0, 6.0}));
}

// Clipping bounds the gradient of the step, not the perturbation's.
TEST_F(StepperTest, SamClipsTheSecondGradient) {
  OptimizerOptions options;
  options.sharpness_aware = "sam";
  options.clip_norm = 1.0;
  Stepper<double> stepper(plane_, {}, options);
  std::vector<double> w{3.0, 1.0 / 3.0};
  stepper.step(w, 1.0, test::quadratic<double>(plane_, {1.0, 9.0}));
  const double norm = std::hypot(3.0353553, 3.3181981);
  EXPECT_NEAR(3.0 - w[0], 3.0353553 / norm, 1e-6);
  EXPECT_NEAR(1.0 / 3.0 - w[1], 3.3181981 / norm, 1e-6);
}

TEST_F(StepperTest, NormalisationParametersDecayOnlyIfAsked) {
  const std::vector<ParameterBlock> blocks{{"weights", 0, {1}, false}, {"bias", 1, {1}, true}};
  for (const auto& kind : test::descents()) {
    // Never decays them, or divides by a norm of both together: see the tests of their formulas.
    if (kind.name == "lars" || kind.name == "grouped_rmsprop") continue;
    OptimizerOptions options(kind.name);
    options.weight_decay = 0.5;
    const auto ends = [&](bool decay_normalisation) {
      options.decay_normalisation = decay_normalisation;
      Stepper<double> stepper(plane_, blocks, options);
      std::vector<double> w{2.0, 2.0};
      stepper.step(w, 0.1, test::constant<double>(plane_, {0.0, 0.0}));
      return w;
    };
    const auto all = ends(true);
    const auto weights = ends(false);
    EXPECT_LT(all[0], 2.0) << kind.name;
    EXPECT_EQ(all[1], all[0]) << kind.name;
    EXPECT_EQ(weights[0], all[0]) << kind.name;
    EXPECT_EQ(weights[1], 2.0) << kind.name;
  }
}

TEST(Stepper, LossThatIsNotFiniteLeavesEverythingAlone) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const VectorSpace space(world, 3000);
  const std::vector<double> h(3000, 2.0);
  for (const auto& options : test::every_way()) {
    Stepper<float> stepper(space, {}, options);
    std::vector<float> w(3000, 0.5F);
    stepper.step(w, 0.01, test::quadratic<float>(space, h));
    const auto before = w;
    const auto broken = [](std::span<const float>, std::span<float> g) {
      std::fill(g.begin(), g.end(), 1.0F);
      return std::numeric_limits<double>::infinity();
    };
    EXPECT_FALSE(std::isfinite(stepper.step(w, 0.01, broken)));
    EXPECT_EQ(w, before) << test::describe(options);
    if (options.sharpness_aware != "none") {
      EXPECT_FALSE(std::isfinite(stepper.step(w, 0.01, test::quadratic<float>(space, h), broken)));
      EXPECT_EQ(w, before) << test::describe(options);
    }
    EXPECT_EQ(stepper.steps(), 1) << test::describe(options);
  }
}

TEST_F(StepperTest, WhatIsUnknownOrOverlapsIsRefused) {
  OptimizerOptions options;
  options.sharpness_aware = "sharp";
  EXPECT_THROW(Stepper<double>(plane_, {}, options), ConfigurationError);
  const std::vector<ParameterBlock> overlap{{"a", 0, {2}, false}, {"b", 1, {1}, false}};
  EXPECT_THROW(Stepper<double>(plane_, overlap, {}), Error);
  const std::vector<ParameterBlock> beyond{{"a", 1, {2}, false}};
  EXPECT_THROW(Stepper<double>(plane_, beyond, {}), Error);
}

}  // namespace
}  // namespace thalweg
