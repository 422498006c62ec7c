#pragma once

#include <functional>
#include <string>
#include <vector>

#include "objectives/objective.hpp"

namespace thalweg {

/// Shapes of a path φ(t) = Σ c_i(t) w_i between the ends w_0 and w_{bends+1}.
enum class CurveKind {
  line,    ///< (1 − t) w_0 + t w_1; no bends
  arc,     ///< cos(πt/2) w_0 + sin(πt/2) w_1; no bends
  bezier,  ///< c_i = C(n, i) tⁱ (1 − t)^{n−i}, n = bends + 1
  chain,   ///< straight pieces from one control point to the next, of equal times
};

/// Local functions of t alone.
class Curve {
 public:
  /// Throws Error for bends on a line or an arc, and for none on the others.
  Curve(CurveKind kind, std::int64_t bends);

  [[nodiscard]] std::int64_t bends() const { return bends_; }
  /// c_0 … c_{bends+1} at t in [0, 1]; at the ends exactly one of them is 1.
  [[nodiscard]] std::vector<double> coefficients(double t) const;

 private:
  CurveKind kind_;
  std::int64_t bends_;
};

/// The mean loss along a curve between two fixed ends, E_t f(φ(t)), as an objective of the inner
/// control points, one after the other (Garipov et al. 2018, 1802.10026; Draxler et al. 2018): any
/// optimiser and any probe works on it. E_t is a quadrature, exact for polynomials of degree
/// 2 nodes − 1 in t, piece by piece of a chain.
template <class Real>
class CurveObjective final : public Objective<Real> {
 public:
  /// A gradient of the inner objective: writes this rank's slice, returns the value. Collective.
  using InnerGradient = std::function<double(std::span<const Real> w, std::span<Real> slice)>;

  /// The ends are whole vectors. `inner` must outlive this. Local.
  CurveObjective(Objective<Real>& inner, CurveKind kind, std::int64_t bends, std::vector<Real> from,
                 std::vector<Real> to, std::int64_t nodes = 16);

  [[nodiscard]] const VectorSpace& space() const override { return space_; }
  [[nodiscard]] std::int64_t sample_count() const override { return inner_->sample_count(); }
  double value(std::span<const Real> x, Subset subset) override;
  double gradient(std::span<const Real> x, Subset subset, std::span<Real> gradient_slice) override;
  void hessian_vector(std::span<const Real> x, std::span<const Real> v, Subset subset,
                      std::span<Real> product_slice) override;

  /// Control points equally spaced on the straight line. Local.
  [[nodiscard]] std::vector<Real> straight() const;
  /// φ(t). Local.
  void point(std::span<const Real> x, double t, std::span<Real> w) const;
  /// The gradient of f(φ(t)) at one t, by the control points: one step of stochastic training draws
  /// t. Returns f(φ(t)). Collective.
  double gradient_at(std::span<const Real> x, double t, const InnerGradient& inner,
                     std::span<Real> gradient_slice);

 private:
  struct Node {
    double t;
    double weight;
  };
  /// Adds weight · c_i(t) · g to control point i's part of the slice. Collective.
  void pull_back(std::span<const double> coefficients, double weight,
                 std::span<const Real> inner_slice, std::span<double> sums);

  Objective<Real>* inner_;
  Curve curve_;
  std::vector<Real> from_;
  std::vector<Real> to_;
  VectorSpace space_;
  std::vector<Node> nodes_;
  std::vector<Real> w_;
  std::vector<Real> whole_;
  std::vector<Real> inner_slice_;
};

/// Nodes in (−1, 1) and weights of Gauss–Legendre quadrature, ascending. Local.
struct GaussLegendre {
  std::vector<double> nodes;
  std::vector<double> weights;
};
[[nodiscard]] GaussLegendre gauss_legendre(std::int64_t count);

}  // namespace thalweg
