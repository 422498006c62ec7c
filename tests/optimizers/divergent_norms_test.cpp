#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "objectives/factors/factor_balance.hpp"
#include "objectives/factors/matrix_factorization.hpp"
#include "optimizers/direct/matrix_norms.hpp"
#include "optimizers/flow/gradient_flow.hpp"
#include "optimizers/flow_support.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

// Sanitized steps take a hundred times as long: most of the way, the last part, is left out there.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

/// Razin & Cohen (2020): of a 2 × 2 matrix w₁₂ = w₂₁ = 1 and w₂₂ = 0 are observed, ½ Σ r²; three
/// factors α^{1/3} I to start with. The flow keeps the determinant's sign, which is wrong for every
/// matrix that fits, so as the loss falls w₁₁ grows beyond all bounds. Curvature grows with it and
/// takes half a million short steps, which the first rank takes alone.
class DivergentNorms : public ::testing::Test {
 protected:
  DivergentNorms() {
    MatrixEntries entries;
    entries.add(0, 1, 1.0);
    entries.add(1, 0, 1.0);
    entries.add(1, 1, 0.0);
    objective_ = std::make_unique<MatrixFactorization<double>>(self_, chain_, entries,
                                                               ResidualLoss{2.0, 0.5, false});
  }
  [[nodiscard]] std::vector<double> start(double alpha) const {
    const double root = std::cbrt(alpha);
    return {root, 0, 0, root, root, 0, 0, root, root, 0, 0, root};
  }
  /// The point of the flow's last step at which the loss was `target`.
  std::vector<double> where_loss_is(const Flow& flow, double target) {
    double low = flow.previous_time();
    double high = flow.time();
    for (int k = 0; k < 50; ++k) {
      const double middle = 0.5 * (low + high);
      (objective_->value(test::at(flow, middle), {}) > target ? low : high) = middle;
    }
    return test::at(flow, high);
  }

  static bool is_first() { return Communicator::duplicate(MPI_COMM_WORLD).is_root(); }

  Communicator self_ = Communicator::duplicate(MPI_COMM_SELF);
  FactorChain chain_{2, 2, 3};
  std::unique_ptr<MatrixFactorization<double>> objective_;
};

// |w₁₁| √(2ℓ) = 1 − 2ℓ + O(ℓ²).
TEST_F(DivergentNorms, GrowAsTheLossFalls) {
  if (!is_first()) return;
  struct Row {
    double loss;
    double product;
  };
  Flow flow(objective_->space(), test::tolerances(1e-9, 1e-12), gradient_flow(*objective_, {}));
  flow.begin(0.0, start(1e-3));
  EXPECT_EQ(determinant_sign<double>(chain_, flow.point()), 1.0);
  double norm = 0.0;
  double rank = 2.0;
  for (const auto& row : {Row{8.081e-3, 0.98436}, Row{8.69e-4, 0.99836}, Row{1.218e-4, 0.99976}}) {
    if (kSanitized && row.loss < 1e-3) return;
    while (flow.value() > row.loss) flow.step();
    const auto x = where_loss_is(flow, row.loss);
    const auto w = product_of<double>(chain_, x);
    EXPECT_NEAR(std::abs(w[0]) * std::sqrt(2.0 * row.loss), row.product, 1e-5) << row.loss;
    EXPECT_EQ(determinant_sign<double>(chain_, x), 1.0);
    const auto values = dense_svd(w, 2, 2, false).values;
    EXPECT_GT(nuclear_norm(values), 1.5 * norm);
    EXPECT_LT(effective_rank(values) - 1.0, 0.2 * (rank - 1.0));
    norm = nuclear_norm(values);
    rank = effective_rank(values);
  }
  EXPECT_GT(norm, 60.0);
  EXPECT_LT(rank, 1.01);
}

// From −αI on the first factor the sign is the one that fits, and norms stay small.
TEST_F(DivergentNorms, StaySmallFromTheOtherSign) {
  if (!is_first()) return;
  auto x = start(1e-3);
  x[0] = -x[0];
  Flow flow(objective_->space(), test::tolerances(1e-9, 1e-12), gradient_flow(*objective_, {}));
  flow.begin(0.0, x);
  EXPECT_EQ(determinant_sign<double>(chain_, flow.point()), -1.0);
  while (flow.value() > 1e-8) flow.step();
  EXPECT_EQ(determinant_sign<double>(chain_, flow.point()), -1.0);
  const auto values = dense_svd(product_of<double>(chain_, flow.point()), 2, 2, false).values;
  EXPECT_LT(nuclear_norm(values), 2.5);  // 2 is the least that fits
  EXPECT_GT(nuclear_norm(values), 2.0 - 1e-3);
}

}  // namespace
}  // namespace thalweg
