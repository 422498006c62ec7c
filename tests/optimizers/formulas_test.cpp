#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "optimizers/support.hpp"

namespace thalweg {
namespace {

const std::vector<double> kStart{1.0, -2.0, 0.25};
const std::vector<double> kCurvatures{2.0, 0.5, 7.0};

std::vector<double> after(const OptimizerOptions& options, double rate, int steps) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const VectorSpace space(self, 3);
  Stepper<double> stepper(space, {}, options);
  auto w = kStart;
  for (int k = 0; k < steps; ++k) {
    stepper.step(w, rate, test::quadratic<double>(space, kCurvatures));
  }
  return w;
}

OptimizerOptions options_of(const char* type, double weight_decay, double momentum = 0.0) {
  OptimizerOptions options = test::with_momentum(type, momentum);
  options.weight_decay = weight_decay;
  return options;
}

// Six steps from (1, −2, ¼) on ½ wᵀ diag(2, ½, 7) w in float64 by PyTorch 1.13 (torch.optim).
TEST(Formulas, AgreeWithPyTorch) {
  struct Row {
    OptimizerOptions options;
    double rate;
    std::vector<double> w;
  };
  const std::vector<Row> rows{
      {options_of("sgd", 0.01, 0.9),
       0.1,
       {-0.7105503963588095, -0.47244320972450443, 0.16526016819292344}},
      {options_of("nesterov", 0.01, 0.9),
       0.1,
       {-0.39682173430616113, -0.30593495949682736, 0.006874351338473159}},
      {options_of("adagrad", 0.01),
       0.05,
       {0.8244984409225291, -1.8211621951434966, 0.09824599748676237}},
      {options_of("adadelta", 0.01),
       1.0,
       {0.9802562959600949, -1.9802055576466897, 0.23056357535706923}},
      {options_of("rmsprop", 0.01),
       0.01,
       {0.6617246501903921, -1.6472242105055814, 0.020747980106432154}},
      {options_of("rmsprop", 0.01, 0.9),
       0.01,
       {-0.051897029475143956, -0.8532130116299855, -0.1805468265641537}},
      {options_of("adam", 0.01),
       0.05,
       {0.7025658658563849, -1.7010869143334895, -0.023715762252858666}},
      {options_of("adamw", 0.1),
       0.05,
       {0.6769723426924207, -1.6458001491196494, -0.02647475116112785}},
  };
  for (const auto& row : rows) {
    const auto w = after(row.options, row.rate, 6);
    for (std::size_t i = 0; i < w.size(); ++i) {
      EXPECT_NEAR(w[i], row.w[i], 1e-12 * std::abs(row.w[i])) << row.options.type << " " << i;
    }
  }
}

/// One coordinate's new value from its value, gradient (without decay), the step's number from 1 on
/// and two numbers to remember.
using Formula = std::function<double(double w, double g, int t, double& a, double& b)>;

void expect_formula(const OptimizerOptions& options, double rate, const Formula& formula) {
  constexpr int steps = 25;
  const auto w = after(options, rate, steps);
  for (std::size_t i = 0; i < w.size(); ++i) {
    double x = kStart[i];
    double a = 0.0;
    double b = 0.0;
    for (int t = 1; t <= steps; ++t) x = formula(x, kCurvatures[i] * x, t, a, b);
    EXPECT_NEAR(w[i], x, 1e-12) << options.type << " " << i;
  }
}

TEST(Formulas, DescentWithMomentum) {
  expect_formula(options_of("sgd", 0.2), 0.1,
                 [](double w, double g, int, double&, double&) { return w - 0.1 * (g + 0.2 * w); });
  expect_formula(options_of("sgd", 0.0, 0.8), 0.1,
                 [](double w, double g, int t, double& before, double&) {
                   // Polyak's form: w⁺ = w − ηg + β(w − w⁻).
                   const double next = w - 0.1 * g + (t > 1 ? 0.8 * (w - before) : 0.0);
                   before = w;
                   return next;
                 });
  expect_formula(options_of("nesterov", 0.0, 0.8), 0.1,
                 [](double w, double g, int, double& v, double&) {
                   v = 0.8 * v + g;
                   return w - 0.1 * (g + 0.8 * v);
                 });
}

TEST(Formulas, Adaptive) {
  auto adagrad = options_of("adagrad", 0.1);
  adagrad.values.set("epsilon", 0.5);
  expect_formula(adagrad, 0.3, [](double w, double g, int, double& s, double&) {
    const double d = g + 0.1 * w;
    s += d * d;
    return w - 0.3 * d / (0.5 + std::sqrt(s));
  });
  auto adadelta = options_of("adadelta", 0.1);
  adadelta.values.set("smoothing", 0.7);
  adadelta.values.set("epsilon", 1e-2);
  expect_formula(adadelta, 0.5, [](double w, double g, int, double& s, double& d) {
    const double full = g + 0.1 * w;
    s = 0.7 * s + 0.3 * full * full;
    const double move = full * std::sqrt((d + 1e-2) / (s + 1e-2));
    d = 0.7 * d + 0.3 * move * move;
    return w - 0.5 * move;
  });
  auto rmsprop = options_of("rmsprop", 0.1, 0.6);
  rmsprop.values.set("smoothing", 0.8);
  rmsprop.values.set("epsilon", 0.1);
  expect_formula(rmsprop, 0.02, [](double w, double g, int, double& s, double& v) {
    const double d = g + 0.1 * w;
    s = 0.8 * s + 0.2 * d * d;
    v = 0.6 * v + d / (0.1 + std::sqrt(s));
    return w - 0.02 * v;
  });
}

// The same update with the decay inside the moments, and apart from them.
TEST(Formulas, AdamWithBothDecays) {
  for (const bool decoupled : {false, true}) {
    auto options = options_of(decoupled ? "adamw" : "adam", 0.3);
    options.values.set("beta1", 0.8);
    options.values.set("beta2", 0.95);
    options.values.set("epsilon", 1e-3);
    expect_formula(options, 0.05, [&](double w, double g, int t, double& m, double& v) {
      const double d = decoupled ? g : g + 0.3 * w;
      m = 0.8 * m + 0.2 * d;
      v = 0.95 * v + 0.05 * d * d;
      const double start = decoupled ? w - 0.05 * 0.3 * w : w;
      const double m_hat = m / (1.0 - std::pow(0.8, t));
      const double v_hat = v / (1.0 - std::pow(0.95, t));
      return start - 0.05 * m_hat / (std::sqrt(v_hat) + 1e-3);
    });
  }
}

// Blocks of 3 weights, a bias of 1, 2 weights that no block names and that start at 0.
TEST(Formulas, LarsScalesEachBlockByItsTrustRatio) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const VectorSpace space(self, 6);
  const std::vector<ParameterBlock> blocks{{"bias", 3, {1}, true}, {"weights", 0, {3, 1}, false}};
  OptimizerOptions options("lars");
  options.values.set("momentum", 0.9);
  options.values.set("trust", 0.02);
  options.values.set("epsilon", 1e-3);
  options.weight_decay = 0.1;
  Stepper<double> stepper(space, blocks, options);
  std::vector<double> w{1.0, -2.0, 2.0, 0.5, 0.0, 0.0};
  const std::vector<double> g{2.0, 3.0, 6.0, -0.4, 1.0, -1.0};
  auto expected = w;
  std::vector<double> v(6, 0.0);
  for (int k = 0; k < 4; ++k) {
    const double rate = 0.5 / (k + 1);
    stepper.step(w, rate, test::constant<double>(space, g));
    const auto norm = [&](std::size_t begin, std::size_t end, const std::vector<double>& x) {
      double sum = 0.0;
      for (std::size_t i = begin; i < end; ++i) sum += x[i] * x[i];
      return std::sqrt(sum);
    };
    const double first = 0.02 * norm(0, 3, expected) / (7.0 + 0.1 * norm(0, 3, expected) + 1e-3);
    const double rest =
        k == 0 ? 1.0
               : 0.02 * norm(4, 6, expected) / (std::sqrt(2.0) + 0.1 * norm(4, 6, expected) + 1e-3);
    const std::vector<double> ratio{first, first, first, 1.0, rest, rest};
    for (std::size_t i = 0; i < 6; ++i) {
      const double decay = i == 3 ? 0.0 : 0.1;
      v[i] = 0.9 * v[i] + rate * ratio[i] * (g[i] + decay * expected[i]);
      expected[i] -= v[i];
    }
    for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(w[i], expected[i], 1e-13) << k << " " << i;
  }
}

}  // namespace
}  // namespace thalweg
