#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "objectives/objective.hpp"

namespace thalweg {

/// (1/N) Σ ½ (a_i·x − b_i)², computed in whole on every rank: a finite sum whose gradients a_i
/// (a_i·x − b_i) and Hessian (1/N) Σ a_i a_iᵀ can be written down.
class LeastSquares final : public Objective<double> {
 public:
  /// `rows` is samples × dimension, row-major.
  LeastSquares(const Communicator& team, std::vector<double> rows, std::vector<double> targets)
      : space_(team, static_cast<std::int64_t>(rows.size() / targets.size())),
        rows_(std::move(rows)),
        targets_(std::move(targets)) {}

  [[nodiscard]] const VectorSpace& space() const override { return space_; }
  [[nodiscard]] std::int64_t sample_count() const override {
    return static_cast<std::int64_t>(targets_.size());
  }
  double value(std::span<const double> x, Subset subset) override {
    double sum = 0.0;
    for_each(subset, [&](std::size_t i, double weight) {
      const double gap = along(i, x) - targets_[i];
      sum += weight * 0.5 * gap * gap;
    });
    return sum;
  }
  double gradient(std::span<const double> x, Subset subset,
                  std::span<double> gradient_slice) override {
    std::vector<double> whole(x.size(), 0.0);
    double sum = 0.0;
    for_each(subset, [&](std::size_t i, double weight) {
      const double gap = along(i, x) - targets_[i];
      sum += weight * 0.5 * gap * gap;
      add_row(i, weight * gap, whole);
    });
    to_slice(whole, gradient_slice);
    return sum;
  }
  void hessian_vector(std::span<const double> /*x*/, std::span<const double> v, Subset subset,
                      std::span<double> product_slice) override {
    std::vector<double> whole(v.size(), 0.0);
    for_each(subset,
             [&](std::size_t i, double weight) { add_row(i, weight * along(i, v), whole); });
    to_slice(whole, product_slice);
  }

 private:
  template <class Term>
  void for_each(Subset subset, Term&& term) const {
    const std::size_t n = subset.empty() ? targets_.size() : subset.size();
    for (std::size_t k = 0; k < n; ++k) {
      term(subset.empty() ? k : static_cast<std::size_t>(subset[k]), 1.0 / static_cast<double>(n));
    }
  }
  [[nodiscard]] double along(std::size_t i, std::span<const double> x) const {
    double sum = 0.0;
    for (std::size_t j = 0; j < x.size(); ++j) sum += rows_[i * x.size() + j] * x[j];
    return sum;
  }
  void add_row(std::size_t i, double factor, std::span<double> to) const {
    for (std::size_t j = 0; j < to.size(); ++j) to[j] += factor * rows_[i * to.size() + j];
  }
  void to_slice(std::span<const double> whole, std::span<double> slice) const {
    const auto mine = space_.slice_of(whole);
    std::copy(mine.begin(), mine.end(), slice.begin());
  }

  VectorSpace space_;
  std::vector<double> rows_;
  std::vector<double> targets_;
};

}  // namespace thalweg
