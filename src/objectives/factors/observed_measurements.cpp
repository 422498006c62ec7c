#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/ordered_sum.hpp"
#include "objectives/factors/observations.hpp"

namespace thalweg {

namespace {

template <class Real>
class ObservedMeasurements final : public Observations<Real> {
 public:
  ObservedMeasurements(const BatchLayout& layout, std::int64_t columns, Measurements measurements,
                       ResidualLoss loss)
      : has_rows_(layout.rows().size() > 0),
        elements_(static_cast<std::size_t>(layout.batch() * columns)),
        measurements_(std::move(measurements)),
        loss_(loss) {
    if (layout.reduction().leaves() > 1 ||
        measurements_.matrices.size() != measurements_.values.size() * elements_) {
      throw Error(fmt::format(
          "measurements: found {} numbers in {} shards, expected {} for each of {} in one shard",
          measurements_.matrices.size(), layout.reduction().leaves(), elements_,
          measurements_.size()));
    }
    select({});
  }

  [[nodiscard]] std::int64_t size() const override { return measurements_.size(); }

  void select(Subset subset) override {
    require_within(subset, size());
    subset_.assign(subset.begin(), subset.end());
    if (subset.empty()) {
      subset_.resize(static_cast<std::size_t>(size()));
      std::iota(subset_.begin(), subset_.end(), 0);
    }
    coefficient_ = loss_.coefficient(static_cast<std::int64_t>(subset_.size()), size());
  }

  std::vector<double> derivative(const Real* product, Real* derivative) override {
    if (!has_rows_) return {};
    const std::vector<double> w(product, product + elements_);
    std::vector<double> sum(elements_, 0.0);
    std::vector<double> losses;
    for (const auto k : subset_) {
      const double r = dot(k, w) - measurements_.values[static_cast<std::size_t>(k)];
      losses.push_back(coefficient_ * loss_.value(r));
      add(k, coefficient_ * loss_.slope(r), sum);
    }
    std::copy(sum.begin(), sum.end(), derivative);
    return {tree_sum(losses)};
  }

  void curvature(const Real* product, const Real* tangent, Real* second) override {
    if (!has_rows_) return;
    const std::vector<double> w(product, product + elements_);
    const std::vector<double> v(tangent, tangent + elements_);
    std::vector<double> sum(elements_, 0.0);
    for (const auto k : subset_) {
      const double r = dot(k, w) - measurements_.values[static_cast<std::size_t>(k)];
      add(k, coefficient_ * loss_.curvature(r) * dot(k, v), sum);
    }
    std::copy(sum.begin(), sum.end(), second);
  }

 private:
  [[nodiscard]] std::span<const double> matrix(std::int64_t k) const {
    return std::span(measurements_.matrices)
        .subspan(static_cast<std::size_t>(k) * elements_, elements_);
  }
  [[nodiscard]] double dot(std::int64_t k, std::span<const double> w) const {
    std::vector<double> blocks;
    constexpr auto block = static_cast<std::size_t>(kVectorBlock);
    for (std::size_t i = 0; i < elements_; i += block) {
      const std::size_t length = std::min(block, elements_ - i);
      blocks.push_back(block_dot(matrix(k).subspan(i, length), w.subspan(i, length)));
    }
    return tree_sum(blocks);
  }
  void add(std::int64_t k, double factor, std::span<double> sum) const {
    const auto a = matrix(k);
    for (std::size_t i = 0; i < elements_; ++i) sum[i] += factor * a[i];
  }

  bool has_rows_;
  std::size_t elements_;
  Measurements measurements_;
  ResidualLoss loss_;
  std::vector<std::int64_t> subset_;
  double coefficient_ = 1.0;
};

}  // namespace

template <class Real>
std::unique_ptr<Observations<Real>> observe_measurements(const BatchLayout& layout,
                                                         std::int64_t columns,
                                                         Measurements measurements,
                                                         ResidualLoss loss) {
  return std::make_unique<ObservedMeasurements<Real>>(layout, columns, std::move(measurements),
                                                      loss);
}

template std::unique_ptr<Observations<float>> observe_measurements(const BatchLayout&, std::int64_t,
                                                                   Measurements, ResidualLoss);
template std::unique_ptr<Observations<double>> observe_measurements(const BatchLayout&,
                                                                    std::int64_t, Measurements,
                                                                    ResidualLoss);

}  // namespace thalweg
