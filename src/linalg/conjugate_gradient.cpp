#include "linalg/conjugate_gradient.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg {

namespace {

using Vector = std::vector<double>;

class BlockIteration {
 public:
  BlockIteration(const ColumnOperator& apply, const ColumnOperator& preconditioner,
                 std::span<const double> b, std::int64_t columns,
                 const ConjugateGradientOptions& options, const Log& log)
      : apply_(apply),
        precondition_(preconditioner),
        b_(b),
        m_(static_cast<std::size_t>(columns)),
        n_(b.size() / m_),
        options_(options),
        log_(log),
        b_norm_(m_),
        r_(b.begin(), b.end()) {
    for (std::size_t c = 0; c < m_; ++c) b_norm_[c] = norm(b_, c);
    result_.solution.assign(b.size(), 0.0);
  }

  ConjugateGradientResult run() {
    // The true residual of the solution 0 is b itself.
    finish_residual();
    result_.history.push_back(result_.worst_column);
    constexpr int kStarts = 8;
    for (int start = 0; start < kStarts && !result_.converged; ++start) {
      const double before = result_.worst_column;
      const Vector solution = result_.solution;
      const Vector residual = r_;
      const bool gave_up = !descend();
      result_.solution = best_;
      true_residual();
      // What the recursion took for better may not be.
      keep_columns(solution, residual);
      result_.history.back() = result_.worst_column;
      if (gave_up || result_.worst_column > 0.5 * before) break;
    }
    return std::move(result_);
  }

 private:
  double dot(const Vector& x, const Vector& y, std::size_t c) const {
    double sum = 0.0;
    for (std::size_t i = c * n_; i < (c + 1) * n_; ++i) sum += x[i] * y[i];
    return sum;
  }
  double norm(std::span<const double> x, std::size_t c) const {
    double sum = 0.0;
    for (std::size_t i = c * n_; i < (c + 1) * n_; ++i) sum += x[i] * x[i];
    return std::sqrt(sum);
  }
  double relative(std::size_t c) const { return b_norm_[c] > 0.0 ? norm(r_, c) / b_norm_[c] : 0.0; }

  void true_residual() {
    apply_(result_.solution, r_);
    ++result_.products;
    for (std::size_t i = 0; i < r_.size(); ++i) r_[i] = b_[i] - r_[i];
    finish_residual();
  }
  /// Goes back to `solution` and its residual in the columns where that is smaller.
  void keep_columns(const Vector& solution, const Vector& residual) {
    for (std::size_t c = 0; c < m_; ++c) {
      if (norm(r_, c) <= norm(residual, c)) continue;
      std::copy_n(solution.begin() + at(c), n_, result_.solution.begin() + at(c));
      std::copy_n(residual.begin() + at(c), n_, r_.begin() + at(c));
    }
    finish_residual();
  }
  [[nodiscard]] std::ptrdiff_t at(std::size_t c) const {
    return static_cast<std::ptrdiff_t>(c * n_);
  }
  void finish_residual() {
    double error = 0.0;
    double size = 0.0;
    result_.worst_column = 0.0;
    for (std::size_t c = 0; c < m_; ++c) {
      const double residual = norm(r_, c);
      error += residual * residual;
      size += b_norm_[c] * b_norm_[c];
      result_.worst_column = std::max(result_.worst_column, relative(c));
    }
    result_.residual = size > 0.0 ? std::sqrt(error / size) : 0.0;
    result_.converged = result_.worst_column <= options_.tolerance;
  }

  /// From the true residual in r_ until the recursion has converged; false when it cannot.
  bool descend() {
    Vector z(r_.size());
    Vector p(r_.size(), 0.0);
    Vector q(r_.size());
    std::vector<double> rz(m_, 0.0);
    // A little below the tolerance, so that rounding does not ask for a restart.
    const double goal = 0.5 * options_.tolerance;
    best_ = result_.solution;
    std::vector<double> least(m_);
    for (std::size_t c = 0; c < m_; ++c) least[c] = relative(c);
    while (result_.iterations < options_.max_iterations) {
      if (precondition_) {
        precondition_(r_, z);
      } else {
        z = r_;
      }
      for (std::size_t c = 0; c < m_; ++c) {
        const double next = dot(r_, z, c);
        const double beta = rz[c] > 0.0 ? next / rz[c] : 0.0;
        rz[c] = next;
        for (std::size_t i = c * n_; i < (c + 1) * n_; ++i) p[i] = z[i] + beta * p[i];
      }
      apply_(p, q);
      ++result_.products;
      ++result_.iterations;
      double worst = 0.0;
      bool definite = true;
      for (std::size_t c = 0; c < m_; ++c) {
        if (relative(c) <= goal) continue;  // converged: stays as it is
        const double curvature = dot(p, q, c);
        if (!(curvature > 0.0) || !(rz[c] > 0.0)) {
          definite = false;
          continue;
        }
        const double step = rz[c] / curvature;
        for (std::size_t i = c * n_; i < (c + 1) * n_; ++i) {
          result_.solution[i] += step * p[i];
          r_[i] -= step * q[i];
        }
        const double now = relative(c);
        if (now < least[c]) {
          least[c] = now;
          std::copy_n(result_.solution.begin() + at(c), n_, best_.begin() + at(c));
        }
        if (!(now <= least[c] * kGrowth)) definite = false;
        worst = std::max(worst, now);
      }
      result_.history.push_back(worst);
      log_.info(fmt::format("conjugate gradient: iteration {}, relative residual {:.2e}",
                            result_.iterations, worst));
      if (!definite) {
        result_.singular = true;
        return false;
      }
      if (worst <= goal) return true;
    }
    return false;
  }

  /// ε^(−½), see conjugate_gradient().
  static constexpr double kGrowth = 6.7e7;

  const ColumnOperator& apply_;
  const ColumnOperator& precondition_;
  std::span<const double> b_;
  std::size_t m_;
  std::size_t n_;
  const ConjugateGradientOptions& options_;
  const Log& log_;
  std::vector<double> b_norm_;
  Vector r_;
  Vector best_;  ///< of each column the iterate with the least residual since the last start
  ConjugateGradientResult result_;
};

}  // namespace

ConjugateGradientResult conjugate_gradient(const ColumnOperator& apply,
                                           const ColumnOperator& preconditioner,
                                           std::span<const double> right_hand_sides,
                                           std::int64_t columns,
                                           const ConjugateGradientOptions& options,
                                           const Log& log) {
  return BlockIteration(apply, preconditioner, right_hand_sides, columns, options, log).run();
}

}  // namespace thalweg
