#pragma once

#include <concepts>
#include <functional>
#include <limits>
#include <span>
#include <utility>

namespace thalweg {

/// A symmetric operator on R^n: takes a whole vector, writes this rank's slice of the product; and
/// how precise its products are. Calls are collective.
class SymmetricOperator {
 public:
  using Product = std::function<void(std::span<const double> v, std::span<double> product_slice)>;

  /// `unit_roundoff` is the largest relative error of one rounding within a product; that of
  /// float64 unless said otherwise.
  template <class Function>
  requires(std::convertible_to<Function, Product> &&
           !std::same_as<std::remove_cvref_t<Function>, SymmetricOperator>)
      // A product is an operator; the constraint keeps copies out.
      // NOLINTNEXTLINE(bugprone-forwarding-reference-overload,google-explicit-constructor)
      SymmetricOperator(Function&& product,
                        double unit_roundoff = 0.5 * std::numeric_limits<double>::epsilon())
      : product_(std::forward<Function>(product)), unit_roundoff_(unit_roundoff) {}

  void operator()(std::span<const double> v, std::span<double> product_slice) const {
    product_(v, product_slice);
  }
  [[nodiscard]] double unit_roundoff() const { return unit_roundoff_; }

 private:
  Product product_;
  double unit_roundoff_;
};

}  // namespace thalweg
