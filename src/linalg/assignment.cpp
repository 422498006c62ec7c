#include "linalg/assignment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace thalweg {

namespace {

/// Rows are added one by one; 0 stands for no row or column.
class Matching {
 public:
  Matching(std::span<const double> gains, std::size_t n)
      : gains_(gains), n_(n), row_price_(n + 1), column_price_(n + 1), row_of_(n + 1) {}

  void add(std::size_t row) {
    std::vector<double> slack(n_ + 1, std::numeric_limits<double>::infinity());
    std::vector<std::size_t> came_from(n_ + 1, 0);
    std::vector<bool> visited(n_ + 1, false);
    row_of_[0] = row;
    std::size_t column = 0;
    do {
      visited[column] = true;
      column = next(column, slack, came_from, visited);
    } while (row_of_[column] != 0);
    while (column != 0) {
      row_of_[column] = row_of_[came_from[column]];
      column = came_from[column];
    }
  }

  [[nodiscard]] std::vector<std::int64_t> columns() const {
    std::vector<std::int64_t> column_of(n_);
    for (std::size_t j = 1; j <= n_; ++j) {
      column_of[row_of_[j] - 1] = static_cast<std::int64_t>(j - 1);
    }
    return column_of;
  }

 private:
  /// The nearest column not yet visited from the tree that `column` has just joined.
  std::size_t next(std::size_t column, std::vector<double>& slack,
                   std::vector<std::size_t>& came_from, const std::vector<bool>& visited) {
    const std::size_t row = row_of_[column];
    double step = std::numeric_limits<double>::infinity();
    std::size_t nearest = 0;
    for (std::size_t j = 1; j <= n_; ++j) {
      if (visited[j]) continue;
      const double reduced = -gains_[(row - 1) * n_ + j - 1] - row_price_[row] - column_price_[j];
      if (reduced < slack[j]) {
        slack[j] = reduced;
        came_from[j] = column;
      }
      if (slack[j] < step) {
        step = slack[j];
        nearest = j;
      }
    }
    for (std::size_t j = 0; j <= n_; ++j) {
      if (visited[j]) {
        row_price_[row_of_[j]] += step;
        column_price_[j] -= step;
      } else {
        slack[j] -= step;
      }
    }
    return nearest;
  }

  std::span<const double> gains_;
  std::size_t n_;
  std::vector<double> row_price_;
  std::vector<double> column_price_;
  std::vector<std::size_t> row_of_;
};

}  // namespace

std::vector<std::int64_t> best_assignment(std::span<const double> gains, std::int64_t n) {
  if (!std::all_of(gains.begin(), gains.end(), [](double g) { return std::isfinite(g); })) {
    throw Error("assignment: a value is not finite");
  }
  Matching matching(gains, static_cast<std::size_t>(n));
  for (std::int64_t row = 1; row <= n; ++row) matching.add(static_cast<std::size_t>(row));
  return matching.columns();
}

}  // namespace thalweg
