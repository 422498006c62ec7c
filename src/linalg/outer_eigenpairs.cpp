#include "linalg/outer_eigenpairs.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace thalweg {

namespace {

constexpr double kRisk = 1e-6;
constexpr double kNarrow = 0.25;

/// Pairs found so far, by descending value; at most those wanted from both ends.
class Pool {
 public:
  explicit Pool(const LanczosOptions& options) : options_(options) {}

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(pairs_.size()); }
  [[nodiscard]] std::int64_t missing() const {
    return std::max<std::int64_t>(0, options_.largest + options_.smallest - size());
  }
  /// Values above this belong to the largest wanted; below the other, to the smallest.
  [[nodiscard]] double upper() const { return value_at(options_.largest - 1, 1.0); }
  [[nodiscard]] double lower() const { return value_at(size() - options_.smallest, -1.0); }
  [[nodiscard]] double magnitude() const {
    return pairs_.empty() ? 0.0
                          : std::max(std::abs(pairs_.front().value), std::abs(pairs_.back().value));
  }
  [[nodiscard]] std::vector<std::vector<double>> vectors() const {
    std::vector<std::vector<double>> all;
    all.reserve(pairs_.size());
    for (const auto& pair : pairs_) all.push_back(pair.vector_slice);
    return all;
  }
  void add(std::vector<Eigenpair> found) {
    std::move(found.begin(), found.end(), std::back_inserter(pairs_));
    std::stable_sort(pairs_.begin(), pairs_.end(),
                     [](const auto& a, const auto& b) { return a.value > b.value; });
    const std::int64_t between = size() - options_.largest - options_.smallest;
    if (between > 0) {
      const auto first = pairs_.begin() + options_.largest;
      pairs_.erase(first, first + between);
    }
  }
  void give(OuterEigenpairs& result) && {
    const std::int64_t top = std::min(options_.largest, size());
    const std::int64_t bottom = std::min(options_.smallest, size() - top);
    for (std::int64_t k = 0; k < bottom; ++k) {
      result.smallest.push_back(std::move(pairs_.back()));
      pairs_.pop_back();
    }
    pairs_.resize(static_cast<std::size_t>(top));
    result.largest = std::move(pairs_);
  }

 private:
  /// Where pairs are missing every value belongs to them; to an end of which none is wanted, none.
  [[nodiscard]] double value_at(std::int64_t row, double outwards) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const std::int64_t wanted = outwards > 0.0 ? options_.largest : options_.smallest;
    if (wanted == 0) return outwards * infinity;
    return missing() > 0 ? -outwards * infinity : pairs_[static_cast<std::size_t>(row)].value;
  }

  const LanczosOptions& options_;
  std::vector<Eigenpair> pairs_;
};

/// One start on the operator deflated by the pool.
class DeflatedRun {
 public:
  DeflatedRun(const VectorSpace& space, const SymmetricOperator& apply,
              const LanczosOptions& options, const Pool& pool, std::int64_t draw)
      : options_(options),
        pool_(pool),
        locked_(pool.vectors()),
        dimension_(space.dimension() - pool.size()),
        magnitude_(pool.magnitude()),
        process_(space, apply, normal_slice(space, options.seed, draw), locked_) {}

  /// To its end: settled, exhausted or at the most steps there may be.
  void run() {
    const std::int64_t limit = std::min(options_.max_iterations, dimension_);
    while (process_.steps() < limit && process_.is_finite() && !is_settled_) {
      process_.advance();
      eigen_ = process_.eigen();
      magnitude_ =
          std::max({magnitude_, std::abs(eigen_.values.front()), std::abs(eigen_.values.back())});
      is_exhausted_ = process_.is_exhausted(magnitude_) || process_.steps() == dimension_;
      is_settled_ = is_exhausted_ ||
                    (entering_top() + entering_bottom() > 0 ? has_entered() : has_certified());
    }
    is_settled_ = is_settled_ && process_.is_finite();
  }

  [[nodiscard]] bool is_settled() const { return is_settled_; }
  [[nodiscard]] std::int64_t steps() const { return process_.steps(); }
  [[nodiscard]] double rounding() const { return process_.rounding(magnitude_); }
  /// Rows of the Ritz values that belong to the pairs wanted.
  [[nodiscard]] std::vector<std::size_t> entering() const {
    std::vector<std::size_t> rows;
    const auto n = eigen_.values.size();
    for (std::size_t k = 0; k < entering_top(); ++k) rows.push_back(n - 1 - k);
    for (std::size_t k = 0; k < entering_bottom(); ++k) rows.push_back(k);
    return rows;
  }
  [[nodiscard]] const LanczosProcess& process() const { return process_; }
  [[nodiscard]] const TridiagonalEigen& eigen() const { return eigen_; }

  /// What it saw beyond the pool at the upper end, or the lower.
  [[nodiscard]] BeyondPairs beyond(bool upper) const {
    const std::size_t row = upper ? eigen_.values.size() - 1 : 0;
    BeyondPairs left{eigen_.values[row], error_of(row), eigen_.values[row]};
    if (!is_exhausted_) left.bound += (upper ? 1.0 : -1.0) * reach();
    return left;
  }

 private:
  [[nodiscard]] double slack() const { return options_.tolerance * magnitude_; }
  /// ‖Ay − θy‖ of a Ritz pair on the deflated operator.
  [[nodiscard]] double error_of(std::size_t row) const {
    const std::size_t n = eigen_.values.size();
    return process_.remainder() * std::abs(eigen_.vectors[row * n + n - 1]);
  }
  [[nodiscard]] double reach() const {
    const std::size_t n = eigen_.values.size();
    const double range =
        (eigen_.values.back() + error_of(n - 1)) - (eigen_.values.front() - error_of(0));
    return range * unseen_share(process_.steps(), dimension_, kRisk);
  }
  [[nodiscard]] std::size_t entering_top() const {
    const std::size_t n = eigen_.values.size();
    const auto most = std::min(n, static_cast<std::size_t>(options_.largest));
    std::size_t count = 0;
    while (count < most && eigen_.values[n - 1 - count] > pool_.upper() + slack()) ++count;
    return count;
  }
  [[nodiscard]] std::size_t entering_bottom() const {
    const std::size_t n = eigen_.values.size();
    const auto most = std::min(n - entering_top(), static_cast<std::size_t>(options_.smallest));
    std::size_t count = 0;
    while (count < most && eigen_.values[count] < pool_.lower() - slack()) ++count;
    return count;
  }
  /// Have the values that belong to the pairs wanted converged, and are they enough?
  [[nodiscard]] bool has_entered() const {
    const auto rows = entering();
    return static_cast<std::int64_t>(rows.size()) >= pool_.missing() &&
           std::all_of(rows.begin(), rows.end(),
                       [&](std::size_t row) { return error_of(row) <= slack(); });
  }
  [[nodiscard]] bool has_certified() const {
    const std::size_t n = eigen_.values.size();
    const double top = eigen_.values.back();
    const double bottom = eigen_.values.front();
    // The deflated operator may be far smaller than the whole one.
    const double scale = std::max(std::abs(top), std::abs(bottom));
    const bool is_narrow = unseen_share(process_.steps(), dimension_, kRisk) <= kNarrow;
    const auto holds = [&](std::size_t row, double room) {
      return reach() <= room || (is_narrow && error_of(row) <= options_.tolerance * scale);
    };
    return (options_.largest == 0 || holds(n - 1, pool_.upper() + slack() - top)) &&
           (options_.smallest == 0 || holds(0, bottom - (pool_.lower() - slack())));
  }

  const LanczosOptions& options_;
  const Pool& pool_;
  std::vector<std::vector<double>> locked_;
  std::int64_t dimension_;
  double magnitude_;
  LanczosProcess process_;
  TridiagonalEigen eigen_;
  bool is_exhausted_ = false;
  bool is_settled_ = false;
};

}  // namespace

double unseen_share(std::int64_t steps, std::int64_t dimension, double risk) {
  const auto n = static_cast<double>(dimension);
  const double least = risk / std::sqrt(2.0 * (n - 1.0) / std::numbers::pi);
  const double half = std::asinh(1.0 / least) / static_cast<double>(2 * steps - 1);
  return std::sinh(half) * std::sinh(half);
}

OuterEigenpairs outer_eigenpairs(const VectorSpace& space, const SymmetricOperator& apply,
                                 const LanczosOptions& options) {
  OuterEigenpairs result;
  Pool pool(options);
  // Every start but the last adds a pair, of a multiple eigenvalue the next.
  const std::int64_t most_starts = options.largest + options.smallest + 1;
  for (std::int64_t draw = 0; draw < most_starts; ++draw) {
    if (pool.size() == space.dimension()) {
      result.converged = result.complete = true;
      break;
    }
    DeflatedRun run(space, apply, options, pool, draw);
    run.run();
    result.iterations += run.steps();
    result.products += run.steps();
    result.rounding = std::max(result.rounding, run.rounding());
    const auto rows = run.entering();
    if (rows.empty() && run.process().is_finite()) {
      if (options.largest > 0) result.beyond_largest = run.beyond(true);
      if (options.smallest > 0) result.beyond_smallest = run.beyond(false);
      result.complete = run.is_settled();
      break;
    }
    result.converged = run.is_settled();
    std::vector<Eigenpair> found;
    found.reserve(rows.size());
    for (const auto row : rows) {
      found.push_back(ritz_pair(space, apply, run.process(), run.eigen(), row));
    }
    result.products += static_cast<std::int64_t>(found.size());
    pool.add(std::move(found));
    if (!run.is_settled()) break;
  }
  std::move(pool).give(result);
  return result;
}

}  // namespace thalweg
