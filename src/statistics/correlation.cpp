#include "statistics/correlation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "base/philox.hpp"

namespace thalweg {

namespace {

constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

/// Pairs of runs, counted.
struct Pairs {
  double all = 0.0;
  double tied_x = 0.0;
  double tied_y = 0.0;
  double excess = 0.0;  ///< concordant less discordant
};

double pairs_of(std::int64_t count) {
  return 0.5 * static_cast<double>(count) * static_cast<double>(count - 1);
}

/// Sum over the runs of equal elements of the pairs within them; equal elements are neighbours.
template <class Equal>
double tied_pairs(std::size_t n, const Equal& equal) {
  double pairs = 0.0;
  std::int64_t length = 1;
  for (std::size_t i = 1; i <= n; ++i) {
    if (i < n && equal(i - 1, i)) {
      ++length;
    } else {
      pairs += pairs_of(length);
      length = 1;
    }
  }
  return pairs;
}

/// Sorts and returns the number of pairs that stood in descending order.
double sort_counting(std::span<double> values, std::span<double> space) {
  const std::size_t n = values.size();
  if (n < 2) return 0.0;
  const std::size_t half = n / 2;
  double swaps = sort_counting(values.first(half), space.first(half)) +
                 sort_counting(values.subspan(half), space.subspan(half));
  std::size_t left = 0;
  std::size_t right = half;
  for (std::size_t i = 0; i < n; ++i) {
    const bool take_left = right == n || (left < half && values[left] <= values[right]);
    if (!take_left) swaps += static_cast<double>(half - left);
    space[i] = take_left ? values[left++] : values[right++];
  }
  std::copy(space.begin(), space.end(), values.begin());
  return swaps;
}

Pairs count_pairs(std::span<const double> x, std::span<const double> y) {
  const std::size_t n = x.size();
  std::vector<std::pair<double, double>> points(n);
  for (std::size_t i = 0; i < n; ++i) points[i] = {x[i], y[i]};
  std::sort(points.begin(), points.end());
  Pairs pairs;
  pairs.all = pairs_of(static_cast<std::int64_t>(n));
  pairs.tied_x = tied_pairs(
      n, [&](std::size_t i, std::size_t j) { return points[i].first == points[j].first; });
  const double tied_both =
      tied_pairs(n, [&](std::size_t i, std::size_t j) { return points[i] == points[j]; });
  std::vector<double> seconds(n);
  for (std::size_t i = 0; i < n; ++i) seconds[i] = points[i].second;
  std::vector<double> space(n);
  const double discordant = sort_counting(seconds, space);
  pairs.tied_y =
      tied_pairs(n, [&](std::size_t i, std::size_t j) { return seconds[i] == seconds[j]; });
  pairs.excess = pairs.all - pairs.tied_x - pairs.tied_y + tied_both - 2.0 * discordant;
  return pairs;
}

/// Of ascending values, linearly between neighbours.
double quantile(const std::vector<double>& ascending, double share) {
  const double place = share * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  const double rest = place - static_cast<double>(below);
  return ascending[below] + rest * (ascending[above] - ascending[below]);
}

double mean_of_present(const std::vector<double>& values) {
  double sum = 0.0;
  std::int64_t count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return count == 0 ? kNoValue : sum / static_cast<double>(count);
}

}  // namespace

double kendall_tau_b(std::span<const double> x, std::span<const double> y) {
  const Pairs pairs = count_pairs(x, y);
  const double scale = (pairs.all - pairs.tied_x) * (pairs.all - pairs.tied_y);
  return scale > 0.0 ? pairs.excess / std::sqrt(scale) : kNoValue;
}

double kendall_tau_a(std::span<const double> x, std::span<const double> y) {
  const Pairs pairs = count_pairs(x, y);
  return pairs.all > 0.0 ? pairs.excess / pairs.all : kNoValue;
}

Interval bootstrap_interval(std::span<const double> x, std::span<const double> y,
                            const BootstrapOptions& options) {
  const std::size_t n = x.size();
  std::vector<double> found;
  std::vector<double> drawn_x(n);
  std::vector<double> drawn_y(n);
  for (std::int64_t resample = 0; resample < options.resamples && n > 0; ++resample) {
    Stream stream(options.seed, Purpose::bootstrap, static_cast<std::uint64_t>(resample));
    for (std::size_t i = 0; i < n; ++i) {
      const auto run = static_cast<std::size_t>(stream.below(n));
      drawn_x[i] = x[run];
      drawn_y[i] = y[run];
    }
    const double tau = kendall_tau_b(drawn_x, drawn_y);
    if (!std::isnan(tau)) found.push_back(tau);
  }
  if (2 * static_cast<std::int64_t>(found.size()) < options.resamples || found.empty()) {
    return {kNoValue, kNoValue};
  }
  std::sort(found.begin(), found.end());
  return {quantile(found, 0.5 * (1.0 - options.confidence)),
          quantile(found, 0.5 * (1.0 + options.confidence))};
}

GranulatedTau granulated_tau(std::span<const double> x, std::span<const double> y,
                             std::span<const std::vector<std::string>> places,
                             std::span<const std::size_t> axes) {
  GranulatedTau found;
  for (const std::size_t axis : axes) {
    std::map<std::vector<std::string>, std::pair<std::vector<double>, std::vector<double>>> groups;
    for (std::size_t run = 0; run < x.size(); ++run) {
      auto others = places[run];
      others[axis].clear();
      auto& [mine_x, mine_y] = groups[others];
      mine_x.push_back(x[run]);
      mine_y.push_back(y[run]);
    }
    std::vector<double> coefficients;
    coefficients.reserve(groups.size());
    for (const auto& [others, group] : groups) {
      coefficients.push_back(kendall_tau_a(group.first, group.second));
    }
    found.by_axis.push_back(mean_of_present(coefficients));
  }
  found.mean = mean_of_present(found.by_axis);
  return found;
}

}  // namespace thalweg
