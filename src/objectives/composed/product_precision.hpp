#pragma once

#include <limits>

#include "objectives/objective.hpp"

namespace thalweg {

/// What an objective that shows another one in its own type knows of the precision of its
/// derivatives: float32 products seen as float64 numbers keep the rounding of float32.
class ProductPrecision {
 public:
  ProductPrecision() = default;
  ProductPrecision(const ProductPrecision&) = delete;
  ProductPrecision& operator=(const ProductPrecision&) = delete;
  virtual ~ProductPrecision() = default;

  /// Largest relative error of one rounding in a product with the Hessian. Local; the same on every
  /// rank.
  [[nodiscard]] virtual double unit_roundoff() const = 0;
};

/// The unit roundoff of an objective's products; its own type's where it tells of none. Local.
template <class Real>
double unit_roundoff_of(const Objective<Real>& objective) {
  if (const auto* precision = dynamic_cast<const ProductPrecision*>(&objective)) {
    return precision->unit_roundoff();
  }
  return 0.5 * static_cast<double>(std::numeric_limits<Real>::epsilon());
}

}  // namespace thalweg
