#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "objectives/network/model_outputs.hpp"
#include "objectives/objective.hpp"

namespace thalweg::testing {

/// ½‖W2 W1 − M‖² of 2 × 2 matrices, x = (W2, W1) row-major: a model with one sample whose four
/// outputs are W2 W1.
class ProductModel final : public Objective<double>, public ModelOutputs<double> {
 public:
  using Matrix = std::array<double, 4>;
  ProductModel(const Communicator& team, const Matrix& target) : space_(team, 8), target_(target) {}

  [[nodiscard]] const VectorSpace& space() const override { return space_; }
  [[nodiscard]] std::int64_t sample_count() const override { return 1; }
  double value(std::span<const double> x, Subset /*subset*/) override {
    double sum = 0.0;
    for (const double gap : residual(x)) sum += 0.5 * gap * gap;
    return sum;
  }
  double gradient(std::span<const double> x, Subset subset,
                  std::span<double> gradient_slice) override {
    transposed_jacobian_product(x, residual(x), subset, gradient_slice);
    return value(x, subset);
  }
  void hessian_vector(std::span<const double> x, std::span<const double> v, Subset subset,
                      std::span<double> product_slice) override {
    const auto moved = jacobian_product(x, v, subset);
    auto whole = pulled_back(x, moved);
    const auto bent = pulled_back(v, residual(x));  // (R V1ᵀ, V2ᵀ R)
    for (std::size_t i = 0; i < 8; ++i) whole[i] += bent[i];
    to_slice(whole, product_slice);
  }

  std::vector<double> outputs(std::span<const double> x, Subset /*subset*/) override {
    const auto product = times(x.data(), x.data() + 4);
    return {product.begin(), product.end()};
  }
  std::vector<double> jacobian_product(std::span<const double> x, std::span<const double> v,
                                       Subset /*subset*/) override {
    const auto a = times(v.data(), x.data() + 4);
    const auto b = times(x.data(), v.data() + 4);
    std::vector<double> sum(4);
    for (std::size_t i = 0; i < 4; ++i) sum[i] = a[i] + b[i];
    return sum;
  }
  void transposed_jacobian_product(std::span<const double> x, std::span<const double> u,
                                   Subset /*subset*/, std::span<double> slice) override {
    to_slice(pulled_back(x, u), slice);
  }
  std::vector<double> tangent_kernel(std::span<const double> x, Subset /*subset*/) override {
    double sum = 0.0;
    for (const double w : x) sum += w * w;
    return {0.5 * sum};  // tr JJᵀ/4 = 2 ‖x‖²/4
  }
  std::vector<double> targets(Subset /*subset*/) override {
    return {target_.begin(), target_.end()};
  }
  std::vector<double> loss_derivatives(std::span<const double> outputs,
                                       Subset /*subset*/) override {
    std::vector<double> gap(outputs.begin(), outputs.end());
    for (std::size_t i = 0; i < 4; ++i) gap[i] -= target_[i];
    return gap;
  }
  std::vector<double> loss_curvature_products(std::span<const double> /*outputs*/,
                                              std::span<const double> directions) override {
    return {directions.begin(), directions.end()};
  }

 private:
  static Matrix times(const double* a, const double* b) {
    return {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2],
            a[2] * b[1] + a[3] * b[3]};
  }
  static Matrix transposed(const double* a) { return {a[0], a[2], a[1], a[3]}; }
  /// (U W1ᵀ, W2ᵀ U)
  static std::vector<double> pulled_back(std::span<const double> x, std::span<const double> u) {
    const auto first = times(u.data(), transposed(x.data() + 4).data());
    const auto second = times(transposed(x.data()).data(), u.data());
    std::vector<double> whole(first.begin(), first.end());
    whole.insert(whole.end(), second.begin(), second.end());
    return whole;
  }
  [[nodiscard]] std::vector<double> residual(std::span<const double> x) {
    return loss_derivatives(outputs(x, {}), {});
  }
  void to_slice(std::span<const double> whole, std::span<double> slice) const {
    const auto mine = space_.slice_of(whole);
    std::copy(mine.begin(), mine.end(), slice.begin());
  }

  VectorSpace space_;
  Matrix target_;
};

}  // namespace thalweg::testing
