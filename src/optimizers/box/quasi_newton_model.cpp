#include "optimizers/box/quasi_newton_model.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace thalweg {

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

bool solve_small(std::vector<double> a, std::vector<double>& b, std::size_t n, std::size_t m) {
  for (std::size_t column = 0; column < n; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column + 1; row < n; ++row) {
      if (std::abs(a[row * n + column]) > std::abs(a[pivot * n + column])) pivot = row;
    }
    if (!(std::abs(a[pivot * n + column]) > 0.0)) return false;
    for (std::size_t j = 0; j < n; ++j) std::swap(a[column * n + j], a[pivot * n + j]);
    for (std::size_t j = 0; j < m; ++j) std::swap(b[column * m + j], b[pivot * m + j]);
    for (std::size_t row = 0; row < n; ++row) {
      if (row == column) continue;
      const double factor = a[row * n + column] / a[column * n + column];
      for (std::size_t j = column; j < n; ++j) a[row * n + j] -= factor * a[column * n + j];
      for (std::size_t j = 0; j < m; ++j) b[row * m + j] -= factor * b[column * m + j];
    }
  }
  for (std::size_t row = 0; row < n; ++row) {
    for (std::size_t j = 0; j < m; ++j) b[row * m + j] /= a[row * n + row];
  }
  return true;
}

bool QuasiNewtonModel::update(std::vector<double> s, std::vector<double> y) {
  const double curvature = dot(s, y);
  const double y_squared = dot(y, y);
  if (!(curvature > 2.2e-16 * y_squared) || !std::isfinite(curvature)) return false;
  if (static_cast<std::int64_t>(s_.size()) == history_) {
    s_.pop_front();
    y_.pop_front();
  }
  s_.push_back(std::move(s));
  y_.push_back(std::move(y));
  theta_ = y_squared / curvature;
  rebuild();
  return true;
}

void QuasiNewtonModel::clear() {
  s_.clear();
  y_.clear();
  middle_.clear();
  theta_ = 1.0;
}

void QuasiNewtonModel::rebuild() {
  // M is the inverse of [[−D, Lᵀ], [L, θ SᵀS]], D = diag(sᵢᵀyᵢ), L the strictly lower part of SᵀY.
  const std::size_t k = s_.size();
  const std::size_t width = 2 * k;
  std::vector<double> inverse(width * width, 0.0);
  for (std::size_t i = 0; i < k; ++i) {
    inverse[i * width + i] = -dot(s_[i], y_[i]);
    for (std::size_t j = 0; j < i; ++j) {
      const double l = dot(s_[i], y_[j]);
      inverse[(k + i) * width + j] = l;
      inverse[j * width + k + i] = l;
    }
    for (std::size_t j = 0; j <= i; ++j) {
      const double value = theta_ * dot(s_[i], s_[j]);
      inverse[(k + i) * width + k + j] = value;
      inverse[(k + j) * width + k + i] = value;
    }
  }
  middle_.assign(width * width, 0.0);
  for (std::size_t i = 0; i < width; ++i) middle_[i * width + i] = 1.0;
  if (!solve_small(inverse, middle_, width, width)) clear();
}

void QuasiNewtonModel::row(std::size_t i, std::span<double> out) const {
  const std::size_t k = s_.size();
  for (std::size_t j = 0; j < k; ++j) {
    out[j] = y_[j][i];
    out[k + j] = theta_ * s_[j][i];
  }
}

std::vector<double> QuasiNewtonModel::transpose_times(std::span<const double> x) const {
  const std::size_t k = s_.size();
  std::vector<double> product(2 * k);
  for (std::size_t j = 0; j < k; ++j) {
    product[j] = dot(y_[j], x);
    product[k + j] = theta_ * dot(s_[j], x);
  }
  return product;
}

std::vector<double> QuasiNewtonModel::middle_times(std::span<const double> c) const {
  std::vector<double> product(c.size());
  for (std::size_t i = 0; i < c.size(); ++i) {
    product[i] = dot(std::span<const double>(middle_).subspan(i * c.size(), c.size()), c);
  }
  return product;
}

}  // namespace thalweg
