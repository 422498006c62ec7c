#include "data/preprocess.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "data/data_storage.hpp"
#include "parallel/ordered_reduction.hpp"

namespace thalweg {

Preprocess::Preprocess(const std::vector<std::string>& steps, const RawSplit& train,
                       const Communicator& holders) {
  for (const auto& step : steps) {
    if (step == "standardize" || step == "center") {
      fit_moments(train, holders, step == "standardize");
    } else if (step == "scale01") {
      fit_range(train, holders);
    } else if (step == "unit_norm") {
      steps_.push_back({true, {}, {}});
    } else {
      throw ConfigurationError("[data] preprocess: \"" + step + "\" is not known");
    }
  }
}

void Preprocess::apply(std::span<double> row) const {
  for (const auto& step : steps_) {
    if (step.unit_norm) {
      double sum = 0.0;
      for (const double x : row) sum += x * x;
      if (sum == 0.0) continue;
      const double norm = std::sqrt(sum);
      for (double& x : row) x /= norm;
    } else {
      for (std::size_t j = 0; j < row.size(); ++j) {
        row[j] = (row[j] - step.shift[j]) / step.scale[j];
      }
    }
  }
}

/// Per feature the mean of x, or of (x − about)² where `about` is given.
std::vector<double> Preprocess::mean(const RawSplit& train, const Communicator& holders,
                                     std::span<const double> about) const {
  const auto features = static_cast<std::size_t>(train.shape.features());
  const OrderedReduction chunks(holders, sample_chunks(train.size(), holders.size()).items());
  std::vector<double> sums(static_cast<std::size_t>(chunks.mine().size()) * features, 0.0);
  std::vector<double> row(features);
  for (std::int64_t sample = train.held.begin; sample < train.held.end; ++sample) {
    train.read_row(sample, row);
    apply(row);
    auto* sum = sums.data() +
                static_cast<std::size_t>(sample / kSampleChunk - chunks.mine().begin) * features;
    for (std::size_t j = 0; j < features; ++j) {
      const double x = about.empty() ? row[j] : (row[j] - about[j]) * (row[j] - about[j]);
      sum[j] += x;
    }
  }
  auto means = chunks.all_sum(sums, train.shape.features());
  for (double& m : means) m /= static_cast<double>(train.size());
  return means;
}

void Preprocess::fit_moments(const RawSplit& train, const Communicator& holders, bool standardize) {
  Step step;
  step.shift = mean(train, holders, {});
  step.scale.assign(step.shift.size(), 1.0);
  if (standardize) {
    const auto variance = mean(train, holders, step.shift);
    for (std::size_t j = 0; j < variance.size(); ++j) {
      const double deviation = std::sqrt(variance[j]);
      // The mean of equal numbers may be off by roundings; what that leaves is not a deviation.
      if (deviation > 1e-10 * std::abs(step.shift[j])) step.scale[j] = deviation;
    }
  }
  steps_.push_back(std::move(step));
}

void Preprocess::fit_range(const RawSplit& train, const Communicator& holders) {
  std::vector<double> row(static_cast<std::size_t>(train.shape.features()));
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (std::int64_t sample = train.held.begin; sample < train.held.end; ++sample) {
    train.read_row(sample, row);
    apply(row);
    const auto [least, most] = std::minmax_element(row.begin(), row.end());
    low = std::min(low, *least);
    high = std::max(high, *most);
  }
  low = -holders.max(-low);
  high = holders.max(high);
  steps_.push_back({false, std::vector<double>(row.size(), low),
                    std::vector<double>(row.size(), high > low ? high - low : 1.0)});
}

}  // namespace thalweg
