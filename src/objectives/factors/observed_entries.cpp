#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/ordered_sum.hpp"
#include "objectives/factors/observations.hpp"

namespace thalweg {

void require_within(Subset subset, std::int64_t count) {
  for (const auto k : subset) {
    if (k < 0 || k >= count) {
      throw Error(fmt::format("observation {} was asked for, there are {}", k, count));
    }
  }
}

namespace {

template <class Real>
class ObservedEntries final : public Observations<Real> {
 public:
  ObservedEntries(BatchLayout layout, std::int64_t columns, MatrixEntries entries,
                  ResidualLoss loss)
      : layout_(std::move(layout)), columns_(columns), entries_(std::move(entries)), loss_(loss) {
    const auto elements = static_cast<std::size_t>(layout_.rows().size() * columns_);
    weight_.assign(elements, Real{0});
    target_.assign(elements, Real{0});
    for (std::int64_t k = 0; k < entries_.size(); ++k) {
      if (const auto at = place(k); at >= 0) {
        target_[static_cast<std::size_t>(at)] =
            static_cast<Real>(entries_.value[static_cast<std::size_t>(k)]);
      }
    }
  }

  [[nodiscard]] std::int64_t size() const override { return entries_.size(); }

  void select(Subset subset) override {
    const bool same =
        is_selected_ && std::equal(subset.begin(), subset.end(), subset_.begin(), subset_.end());
    if (same) return;
    require_within(subset, size());
    subset_.assign(subset.begin(), subset.end());
    is_selected_ = true;
    const std::int64_t count = subset.empty() ? size() : static_cast<std::int64_t>(subset.size());
    coefficient_ = loss_.coefficient(count, size());
    // Half a derivative of the square; c of other losses. An observation asked for twice counts so.
    const auto unit = static_cast<Real>(loss_.exponent == 2.0 ? 2.0 * coefficient_ : coefficient_);
    std::fill(weight_.begin(), weight_.end(), Real{0});
    for (std::int64_t i = 0; i < count; ++i) {
      const auto at = place(subset.empty() ? i : subset[static_cast<std::size_t>(i)]);
      if (at >= 0) weight_[static_cast<std::size_t>(at)] += unit;
    }
  }

  std::vector<double> derivative(const Real* product, Real* derivative) override {
    return for_each_shard([&](std::int64_t begin, std::int64_t end) {
      return loss_.exponent == 2.0 ? square(product, derivative, begin, end)
                                   : power(product, derivative, begin, end);
    });
  }

  void curvature(const Real* product, const Real* tangent, Real* second) override {
    const std::int64_t end = layout_.rows().size() * columns_;
    if (loss_.exponent == 2.0) {
      for (std::int64_t i = 0; i < end; ++i) second[i] = weight_[at(i)] * tangent[i];
      return;
    }
    for (std::int64_t i = 0; i < end; ++i) {
      const double bend = weight_[at(i)] == Real{0} ? 0.0
                                                    : static_cast<double>(weight_[at(i)]) *
                                                          loss_.curvature(residual(product, i)) *
                                                          static_cast<double>(tangent[i]);
      second[i] = static_cast<Real>(bend);
    }
  }

 private:
  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

  /// Where observation k lies in this rank's rows; −1 where it does not.
  [[nodiscard]] std::int64_t place(std::int64_t k) const {
    const Range rows = layout_.rows();
    const std::int64_t row = entries_.row[at(k)];
    if (row < rows.begin || row >= rows.end) return -1;
    return (row - rows.begin) * columns_ + entries_.column[at(k)];
  }

  [[nodiscard]] double residual(const Real* product, std::int64_t i) const {
    return static_cast<double>(product[i]) - static_cast<double>(target_[at(i)]);
  }

  template <class Work>
  std::vector<double> for_each_shard(Work&& work) const {
    std::vector<double> sums;
    for (std::int64_t shard = layout_.shards().begin; shard < layout_.shards().end; ++shard) {
      const Range rows = layout_.local_rows_of(shard);
      std::vector<double> blocks;
      for (std::int64_t i = rows.begin * columns_; i < rows.end * columns_; i += kVectorBlock) {
        blocks.push_back(work(i, std::min(i + kVectorBlock, rows.end * columns_)));
      }
      sums.push_back(tree_sum(blocks));
    }
    return sums;
  }

  /// Of all entries in one pass: the derivative is 2c r where there is one, so its square tells the
  /// loss. In a subset each weight is 2c times how often an element counts, and residuals are kept,
  /// as the derivative may take the place of the product.
  double square(const Real* product, Real* derivative, std::int64_t begin, std::int64_t end) {
    const Real* weight = weight_.data();
    const Real* target = target_.data();
    const auto length = static_cast<std::size_t>(end - begin);
    const std::span<const Real> block(derivative + begin, length);
    if (subset_.empty()) {
      for (std::int64_t i = begin; i < end; ++i) {
        derivative[i] = weight[i] * (product[i] - target[i]);
      }
      return block_dot(block, block) / (4.0 * coefficient_);
    }
    scratch_.resize(length);
    for (std::size_t i = 0; i < length; ++i) {
      const auto k = begin + static_cast<std::int64_t>(i);
      scratch_[i] = product[k] - target[k];
      derivative[k] = weight[k] * scratch_[i];
    }
    return block_dot(std::span<const Real>(scratch_), block) / 2.0;
  }

  double power(const Real* product, Real* derivative, std::int64_t begin, std::int64_t end) {
    double sum = 0.0;
    for (std::int64_t i = begin; i < end; ++i) {
      const auto weight = static_cast<double>(weight_[at(i)]);
      if (weight == 0.0) {
        derivative[i] = Real{0};
        continue;
      }
      const double r = residual(product, i);
      sum += weight * loss_.value(r);
      derivative[i] = static_cast<Real>(weight * loss_.slope(r));
    }
    return sum;
  }

  BatchLayout layout_;
  std::int64_t columns_;
  MatrixEntries entries_;
  ResidualLoss loss_;
  std::vector<std::int64_t> subset_;
  bool is_selected_ = false;
  double coefficient_ = 1.0;
  AlignedVector<Real> weight_;  // of each element of this rank's rows
  AlignedVector<Real> target_;
  AlignedVector<Real> scratch_;
};

}  // namespace

template <class Real>
std::unique_ptr<Observations<Real>> observe_entries(const BatchLayout& layout, std::int64_t columns,
                                                    MatrixEntries entries, ResidualLoss loss) {
  return std::make_unique<ObservedEntries<Real>>(layout, columns, std::move(entries), loss);
}

template std::unique_ptr<Observations<float>> observe_entries(const BatchLayout&, std::int64_t,
                                                              MatrixEntries, ResidualLoss);
template std::unique_ptr<Observations<double>> observe_entries(const BatchLayout&, std::int64_t,
                                                               MatrixEntries, ResidualLoss);

}  // namespace thalweg
