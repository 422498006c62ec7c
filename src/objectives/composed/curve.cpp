#include "objectives/composed/curve.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/error.hpp"
#include "linalg/lanczos.hpp"

namespace thalweg {

Curve::Curve(CurveKind kind, std::int64_t bends) : kind_(kind), bends_(bends) {
  const bool bent = kind == CurveKind::bezier || kind == CurveKind::chain;
  if (bent != (bends > 0)) {
    throw Error("a curve has bends where it is a Bézier curve or a chain, and only there");
  }
}

std::vector<double> Curve::coefficients(double t) const {
  std::vector<double> c(static_cast<std::size_t>(bends_) + 2, 0.0);
  if (t <= 0.0 || t >= 1.0) {
    (t <= 0.0 ? c.front() : c.back()) = 1.0;
    return c;
  }
  const std::int64_t n = bends_ + 1;
  switch (kind_) {
    case CurveKind::line:
      c = {1.0 - t, t};
      break;
    case CurveKind::arc:
      c = {std::cos(t * std::numbers::pi / 2.0), std::sin(t * std::numbers::pi / 2.0)};
      break;
    case CurveKind::bezier: {
      double binomial = 1.0;
      for (std::int64_t i = 0; i <= n; ++i) {
        c[static_cast<std::size_t>(i)] = binomial * std::pow(t, static_cast<double>(i)) *
                                         std::pow(1.0 - t, static_cast<double>(n - i));
        binomial *= static_cast<double>(n - i) / static_cast<double>(i + 1);
      }
      break;
    }
    case CurveKind::chain: {
      const double scaled = t * static_cast<double>(n);
      const auto piece = std::min(static_cast<std::int64_t>(scaled), n - 1);
      const double within = scaled - static_cast<double>(piece);
      c[static_cast<std::size_t>(piece)] = 1.0 - within;
      c[static_cast<std::size_t>(piece) + 1] = within;
      break;
    }
  }
  return c;
}

GaussLegendre gauss_legendre(std::int64_t count) {
  // Golub and Welsch (1969): the eigenvalues of the Jacobi matrix of the Legendre polynomials.
  std::vector<double> off;
  for (std::int64_t k = 1; k < count; ++k) {
    const auto order = static_cast<double>(k);
    off.push_back(order / std::sqrt(4.0 * order * order - 1.0));
  }
  const auto eigen =
      tridiagonal_eigen(std::vector<double>(static_cast<std::size_t>(count), 0.0), off);
  GaussLegendre rule{eigen.values, {}};
  for (std::int64_t k = 0; k < count; ++k) {
    const double first = eigen.vectors[static_cast<std::size_t>(k * count)];
    rule.weights.push_back(2.0 * first * first);
  }
  return rule;
}

template <class Real>
CurveObjective<Real>::CurveObjective(Objective<Real>& inner, CurveKind kind, std::int64_t bends,
                                     std::vector<Real> from, std::vector<Real> to,
                                     std::int64_t nodes)
    : inner_(&inner),
      curve_(kind, bends),
      from_(std::move(from)),
      to_(std::move(to)),
      space_(inner.space().comm(), inner.dimension() * bends),
      w_(static_cast<std::size_t>(inner.dimension())),
      whole_(bends > 1 ? w_.size() : 0),
      inner_slice_(static_cast<std::size_t>(inner.space().slice().size())) {
  const auto rule = gauss_legendre(nodes);
  const std::int64_t pieces = kind == CurveKind::chain ? bends + 1 : 1;
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    for (std::size_t q = 0; q < rule.nodes.size(); ++q) {
      nodes_.push_back(
          {(static_cast<double>(piece) + 0.5 * (1.0 + rule.nodes[q])) / static_cast<double>(pieces),
           0.5 * rule.weights[q] / static_cast<double>(pieces)});
    }
  }
}

template <class Real>
std::vector<Real> CurveObjective<Real>::straight() const {
  std::vector<Real> x;
  for (std::int64_t i = 1; i <= curve_.bends(); ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(curve_.bends() + 1);
    for (std::size_t j = 0; j < from_.size(); ++j) {
      x.push_back(static_cast<Real>((1.0 - t) * static_cast<double>(from_[j]) +
                                    t * static_cast<double>(to_[j])));
    }
  }
  return x;
}

template <class Real>
void CurveObjective<Real>::point(std::span<const Real> x, double t, std::span<Real> w) const {
  const auto c = curve_.coefficients(t);
  const std::size_t p = from_.size();
  for (std::size_t j = 0; j < p; ++j) {
    double sum = c.front() * static_cast<double>(from_[j]) + c.back() * static_cast<double>(to_[j]);
    for (std::size_t i = 1; i + 1 < c.size(); ++i) {
      sum += c[i] * static_cast<double>(x[(i - 1) * p + j]);
    }
    w[j] = static_cast<Real>(sum);
  }
}

template <class Real>
void CurveObjective<Real>::pull_back(std::span<const double> coefficients, double weight,
                                     std::span<const Real> inner_slice, std::span<double> sums) {
  const auto mine = space_.slice();
  if (curve_.bends() == 1) {  // the same slices
    const double scale = weight * coefficients[1];
    for (std::size_t j = 0; j < sums.size(); ++j) {
      sums[j] += scale * static_cast<double>(inner_slice[j]);
    }
    return;
  }
  inner_->space().gather(inner_slice, std::span<Real>(whole_));
  const std::int64_t p = inner_->dimension();
  for (std::int64_t j = mine.begin; j < mine.end; ++j) {
    const double scale = weight * coefficients[static_cast<std::size_t>(j / p) + 1];
    sums[static_cast<std::size_t>(j - mine.begin)] +=
        scale * static_cast<double>(whole_[static_cast<std::size_t>(j % p)]);
  }
}

template <class Real>
double CurveObjective<Real>::value(std::span<const Real> x, Subset subset) {
  double sum = 0.0;
  for (const auto& node : nodes_) {
    point(x, node.t, w_);
    sum += node.weight * inner_->value(w_, subset);
  }
  return sum;
}

template <class Real>
double CurveObjective<Real>::gradient(std::span<const Real> x, Subset subset,
                                      std::span<Real> gradient_slice) {
  std::vector<double> sums(gradient_slice.size(), 0.0);
  double value = 0.0;
  for (const auto& node : nodes_) {
    point(x, node.t, w_);
    value += node.weight * inner_->gradient(w_, subset, inner_slice_);
    pull_back(curve_.coefficients(node.t), node.weight, inner_slice_, sums);
  }
  std::transform(sums.begin(), sums.end(), gradient_slice.begin(),
                 [](double sum) { return static_cast<Real>(sum); });
  return value;
}

template <class Real>
double CurveObjective<Real>::gradient_at(std::span<const Real> x, double t,
                                         const InnerGradient& inner,
                                         std::span<Real> gradient_slice) {
  point(x, t, w_);
  const double value = inner(w_, inner_slice_);
  std::vector<double> sums(gradient_slice.size(), 0.0);
  pull_back(curve_.coefficients(t), 1.0, inner_slice_, sums);
  std::transform(sums.begin(), sums.end(), gradient_slice.begin(),
                 [](double sum) { return static_cast<Real>(sum); });
  return value;
}

template <class Real>
void CurveObjective<Real>::hessian_vector(std::span<const Real> x, std::span<const Real> v,
                                          Subset subset, std::span<Real> product_slice) {
  std::vector<double> sums(product_slice.size(), 0.0);
  std::vector<Real> direction(w_.size());
  for (const auto& node : nodes_) {
    const auto c = curve_.coefficients(node.t);
    point(x, node.t, w_);
    for (std::size_t j = 0; j < direction.size(); ++j) {
      double sum = 0.0;
      for (std::size_t i = 1; i + 1 < c.size(); ++i) {
        sum += c[i] * static_cast<double>(v[(i - 1) * direction.size() + j]);
      }
      direction[j] = static_cast<Real>(sum);
    }
    inner_->hessian_vector(w_, direction, subset, inner_slice_);
    pull_back(c, node.weight, inner_slice_, sums);
  }
  std::transform(sums.begin(), sums.end(), product_slice.begin(),
                 [](double sum) { return static_cast<Real>(sum); });
}

template class CurveObjective<float>;
template class CurveObjective<double>;

}  // namespace thalweg
