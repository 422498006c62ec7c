#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace thalweg {

/// The limited-memory matrix B = θI − W M Wᵀ of Byrd, Nocedal & Schnabel (1994), W = [Y, θS] (n ×
/// 2k).
class QuasiNewtonModel {
 public:
  explicit QuasiNewtonModel(std::int64_t history) : history_(history) {}

  /// Takes up a pair s = x⁺ − x, y = g⁺ − g unless its curvature sᵀy is too small. Returns whether
  /// it did.
  bool update(std::vector<double> s, std::vector<double> y);
  void clear();

  [[nodiscard]] double theta() const { return theta_; }
  [[nodiscard]] std::size_t width() const { return 2 * s_.size(); }
  /// Row i of W.
  void row(std::size_t i, std::span<double> out) const;
  /// Wᵀ x.
  [[nodiscard]] std::vector<double> transpose_times(std::span<const double> x) const;
  /// M c.
  [[nodiscard]] std::vector<double> middle_times(std::span<const double> c) const;
  /// The 2k × 2k matrix M, row-major.
  [[nodiscard]] const std::vector<double>& middle() const { return middle_; }

 private:
  void rebuild();
  std::int64_t history_;
  double theta_ = 1.0;
  std::deque<std::vector<double>> s_;
  std::deque<std::vector<double>> y_;
  std::vector<double> middle_;
};

/// Σ a_i b_i from left to right. For vectors that every rank holds in whole.
[[nodiscard]] double dot(std::span<const double> a, std::span<const double> b);

/// Solves A X = B in place (A n × n, B n × m, row-major) by Gaussian elimination with pivoting;
/// false if A is singular. For the small systems of quasi-Newton models.
bool solve_small(std::vector<double> a, std::vector<double>& b, std::size_t n, std::size_t m);

}  // namespace thalweg
