#include "data/preprocess.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "data/data_storage.hpp"
#include "data/whitening.hpp"
#include "linalg/gemm.hpp"
#include "parallel/ordered_reduction.hpp"

namespace thalweg {

namespace {

void to_unit_norm(std::span<double> row) {
  double sum = 0.0;
  for (const double x : row) sum += x * x;
  if (sum == 0.0) return;
  const double norm = std::sqrt(sum);
  for (double& x : row) x /= norm;
}

/// Rows ← (rows − shift) W, kSampleChunk rows a product, whose shape is always the same.
void whiten_rows(std::span<double> rows, std::span<const double> shift,
                 const std::vector<double>& whiten) {
  const std::size_t features = shift.size();
  const std::size_t chunk = static_cast<std::size_t>(kSampleChunk) * features;
  std::vector<double> centred(chunk);
  std::vector<double> result(chunk);
  for (std::size_t at = 0; at < rows.size(); at += chunk) {
    const std::size_t used = std::min(chunk, rows.size() - at);
    for (std::size_t k = 0; k < used; ++k) centred[k] = rows[at + k] - shift[k % features];
    std::fill(centred.begin() + static_cast<std::ptrdiff_t>(used), centred.end(), 0.0);
    const auto d = static_cast<std::int64_t>(features);
    gemm(false, false, kSampleChunk, d, d, 1.0, centred.data(), whiten.data(), 0.0, result.data());
    std::copy_n(result.begin(), used, rows.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

}  // namespace

Preprocess::Preprocess(const std::vector<std::string>& steps, const RawSplit& train,
                       const Communicator& holders, double zca_epsilon)
    : features_(static_cast<std::size_t>(train.shape.features())) {
  for (const auto& step : steps) {
    if (step == "standardize" || step == "center") {
      fit_moments(train, holders, step == "standardize");
    } else if (step == "scale01") {
      fit_range(train, holders);
    } else if (step == "unit_norm") {
      steps_.push_back({true, {}, {}, {}});
    } else if (step == "zca") {
      fit_zca(train, holders, zca_epsilon);
    } else {
      throw ConfigurationError("[data] preprocess: \"" + step + "\" is not known");
    }
  }
}

void Preprocess::apply(std::span<double> rows) const {
  for (const auto& step : steps_) {
    if (!step.whiten.empty()) {
      whiten_rows(rows, step.shift, step.whiten);
      continue;
    }
    for (std::size_t at = 0; at < rows.size(); at += features_) {
      const auto row = rows.subspan(at, features_);
      if (step.unit_norm) {
        to_unit_norm(row);
        continue;
      }
      for (std::size_t j = 0; j < row.size(); ++j) {
        row[j] = (row[j] - step.shift[j]) / step.scale[j];
      }
    }
  }
}

void Preprocess::for_each_chunk(const RawSplit& train, const ChunkUse& use) const {
  std::vector<double> rows;
  for (std::int64_t begin = train.held.begin; begin < train.held.end; begin += kSampleChunk) {
    const std::int64_t end = std::min(begin + kSampleChunk, train.held.end);
    rows.resize(static_cast<std::size_t>(end - begin) * features_);
    for (std::int64_t sample = begin; sample < end; ++sample) {
      train.read_row(sample, std::span<double>(rows).subspan(
                                 static_cast<std::size_t>(sample - begin) * features_, features_));
    }
    apply(rows);
    use(begin / kSampleChunk, rows);
  }
}

/// Per feature the mean of x, or of (x − about)² where `about` is given.
std::vector<double> Preprocess::mean(const RawSplit& train, const Communicator& holders,
                                     std::span<const double> about) const {
  const OrderedReduction chunks(holders, sample_chunks(train.size(), holders.size()).items());
  std::vector<double> sums(static_cast<std::size_t>(chunks.mine().size()) * features_, 0.0);
  for_each_chunk(train, [&](std::int64_t chunk, std::span<const double> rows) {
    auto* sum = sums.data() + static_cast<std::size_t>(chunk - chunks.mine().begin) * features_;
    for (std::size_t at = 0; at < rows.size(); at += features_) {
      const double* row = rows.data() + at;
      for (std::size_t j = 0; j < features_; ++j) {
        const double x = about.empty() ? row[j] : (row[j] - about[j]) * (row[j] - about[j]);
        sum[j] += x;
      }
    }
  });
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
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for_each_chunk(train, [&](std::int64_t /*chunk*/, std::span<const double> rows) {
    const auto [least, most] = std::minmax_element(rows.begin(), rows.end());
    low = std::min(low, *least);
    high = std::max(high, *most);
  });
  low = -holders.max(-low);
  high = holders.max(high);
  steps_.push_back({false,
                    std::vector<double>(features_, low),
                    std::vector<double>(features_, high > low ? high - low : 1.0),
                    {}});
}

void Preprocess::fit_zca(const RawSplit& train, const Communicator& holders, double epsilon) {
  Step step;
  step.shift = mean(train, holders, {});
  const auto fill = [&](std::int64_t chunk, std::span<double> rows) {
    const std::int64_t begin = chunk * kSampleChunk;
    const std::int64_t end = std::min(begin + kSampleChunk, train.size());
    const auto used = rows.first(static_cast<std::size_t>(end - begin) * features_);
    for (std::int64_t sample = begin; sample < end; ++sample) {
      train.read_row(sample,
                     used.subspan(static_cast<std::size_t>(sample - begin) * features_, features_));
    }
    apply(used);
    for (std::size_t k = 0; k < used.size(); ++k) used[k] -= step.shift[k % features_];
    std::fill(rows.begin() + static_cast<std::ptrdiff_t>(used.size()), rows.end(), 0.0);
  };
  auto matrix = covariance(holders, train.size(), train.shape.features(), fill);
  // As in standardize: the mean of equal numbers may be off by roundings.
  double negligible = 0.0;
  for (const double m : step.shift) negligible += 1e-20 * m * m;
  step.whiten = zca_matrix(holders, std::move(matrix), train.shape.features(), epsilon, negligible);
  steps_.push_back(std::move(step));
}

}  // namespace thalweg
