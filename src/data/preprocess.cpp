#include "data/preprocess.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "data/data_storage.hpp"
#include "data/whitening.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

/// The power of two, at most 2^1000 from 1, near a largest value: what is divided by it keeps its
/// digits, and its squares neither overflow nor vanish.
double binary_scale(double largest) {
  constexpr int most = 1000;
  if (!(largest > 0.0) || !std::isfinite(largest)) return 1.0;
  return std::scalbn(1.0, std::clamp(std::ilogb(largest), -most, most));
}

void to_unit_norm(std::span<double> row) {
  double largest = 0.0;
  for (const double x : row) largest = std::max(largest, std::abs(x));
  if (largest == 0.0) return;
  const double scale = binary_scale(largest);
  double sum = 0.0;
  for (double& x : row) {
    x /= scale;
    sum += x * x;
  }
  const double norm = std::sqrt(sum);
  for (double& x : row) x /= norm;
}

/// The beginning of a list of features, for a message.
std::string listed_features(const std::vector<std::size_t>& features) {
  constexpr std::size_t most = 10;
  std::string text;
  for (std::size_t k = 0; k < std::min(most, features.size()); ++k) {
    text += fmt::format("{}{}", k == 0 ? "" : ", ", features[k]);
  }
  return features.size() > most ? text + ", ..." : text;
}

/// Refuses values so large that a statistic of a feature is not finite. Collective over holders.
void require_finite(const Communicator& holders, const char* step,
                    const std::vector<double>& values) {
  collectively(holders, [&] {
    const auto bad = std::find_if(values.begin(), values.end(),
                                  [](const double x) { return !std::isfinite(x); });
    if (bad == values.end()) return;
    throw ConfigurationError(
        fmt::format("[data] preprocess: {}: the values of feature {} are so large that their "
                    "statistics overflow",
                    step, bad - values.begin()));
  });
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

/// Per feature the sum over all samples of what `add` adds up in a chunk, or what `merge` makes of
/// the chunks.
std::vector<double> Preprocess::sum(const RawSplit& train, const Communicator& holders,
                                    const AddRow& add, const OrderedReduction::Merge& merge) const {
  const OrderedReduction chunks(holders, sample_chunks(train.size(), holders.size()).items());
  std::vector<double> parts(static_cast<std::size_t>(chunks.mine().size()) * features_, 0.0);
  for_each_chunk(train, [&](std::int64_t chunk, std::span<const double> rows) {
    auto* part = parts.data() + static_cast<std::size_t>(chunk - chunks.mine().begin) * features_;
    for (std::size_t at = 0; at < rows.size(); at += features_) {
      add(rows.subspan(at, features_), part);
    }
  });
  return merge ? chunks.all_merge(parts, train.shape.features(), merge)
               : chunks.all_sum(parts, train.shape.features());
}

std::vector<double> Preprocess::Mean::whole() const {
  std::vector<double> all = rough;
  for (std::size_t j = 0; j < all.size(); ++j) all[j] += correction[j];
  return all;
}

Preprocess::Mean Preprocess::mean(const RawSplit& train, const Communicator& holders) const {
  const auto n = static_cast<double>(train.size());
  Mean mean;
  mean.rough = sum(train, holders, [](std::span<const double> row, double* chunk) {
    for (std::size_t j = 0; j < row.size(); ++j) chunk[j] += row[j];
  });
  for (double& m : mean.rough) m /= n;
  // The difference of near numbers is exact, so its mean is what the first one's rounding took.
  mean.correction = sum(train, holders, [&](std::span<const double> row, double* chunk) {
    for (std::size_t j = 0; j < row.size(); ++j) chunk[j] += row[j] - mean.rough[j];
  });
  for (double& m : mean.correction) m /= n;
  return mean;
}

std::vector<double> Preprocess::deviation(const RawSplit& train, const Communicator& holders,
                                          const Mean& mean) const {
  const auto reach = sum(
      train, holders,
      [&](std::span<const double> row, double* chunk) {
        for (std::size_t j = 0; j < row.size(); ++j) {
          chunk[j] = std::max(chunk[j], std::abs(row[j] - mean.rough[j]));
        }
      },
      [](std::span<double> left, std::span<const double> right) {
        for (std::size_t j = 0; j < left.size(); ++j) left[j] = std::max(left[j], right[j]);
      });
  std::vector<double> scale(reach.size());
  std::transform(reach.begin(), reach.end(), scale.begin(), binary_scale);
  auto squares = sum(train, holders, [&](std::span<const double> row, double* chunk) {
    for (std::size_t j = 0; j < row.size(); ++j) {
      const double x = (row[j] - mean.rough[j]) / scale[j];
      chunk[j] += x * x;
    }
  });
  for (std::size_t j = 0; j < squares.size(); ++j) {
    const double off = mean.correction[j] / scale[j];
    const double variance = squares[j] / static_cast<double>(train.size()) - off * off;
    squares[j] = std::sqrt(std::max(variance, 0.0)) * scale[j];
  }
  return squares;
}

void Preprocess::fit_moments(const RawSplit& train, const Communicator& holders, bool standardize) {
  const char* name = standardize ? "standardize" : "center";
  const Mean centre = mean(train, holders);
  Step step;
  step.shift = centre.whole();
  require_finite(holders, name, step.shift);
  step.scale.assign(step.shift.size(), 1.0);
  if (standardize) {
    const auto spread = deviation(train, holders, centre);
    require_finite(holders, name, spread);
    std::vector<std::size_t> constant;
    for (std::size_t j = 0; j < spread.size(); ++j) {
      if (spread[j] > kEpsilon * std::abs(step.shift[j])) {
        step.scale[j] = spread[j];
      } else {
        constant.push_back(j);
      }
    }
    if (!constant.empty()) {
      notices_.push_back(
          fmt::format("[data] preprocess: standardize: {} of {} features are constant up to "
                      "rounding in the training samples and only centred: {}",
                      constant.size(), features_, listed_features(constant)));
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
  collectively(holders, [&] {
    if (std::isfinite(high - low)) return;
    throw ConfigurationError(
        "[data] preprocess: scale01: the numbers are so large that their range overflows");
  });
  if (!(high > low)) {
    notices_.emplace_back(
        "[data] preprocess: scale01: all numbers of the training samples are equal and become 0");
  }
  steps_.push_back({false,
                    std::vector<double>(features_, low),
                    std::vector<double>(features_, high > low ? high - low : 1.0),
                    {}});
}

void Preprocess::fit_zca(const RawSplit& train, const Communicator& holders, double epsilon) {
  Step step;
  step.shift = mean(train, holders).whole();
  require_finite(holders, "zca", step.shift);
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
  double negligible = 0.0;  // as in standardize
  for (const double m : step.shift) negligible += kEpsilon * kEpsilon * m * m;
  step.whiten = zca_matrix(holders, std::move(matrix), train.shape.features(), epsilon, negligible);
  if (step.whiten.empty()) {
    step.scale.assign(step.shift.size(), 1.0);
    notices_.emplace_back(
        "[data] preprocess: zca: all features are constant up to rounding in the training samples "
        "and only centred");
  }
  steps_.push_back(std::move(step));
}

}  // namespace thalweg
