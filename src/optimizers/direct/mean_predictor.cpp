#include "optimizers/direct/mean_predictor.hpp"

#include "base/error.hpp"

namespace thalweg {

namespace {

/// Mean residual of each group of entries; 0 for a group without any.
std::vector<double> deviations(const std::vector<std::int64_t>& group, std::int64_t groups,
                               const std::vector<double>& residuals) {
  std::vector<double> sums(static_cast<std::size_t>(groups), 0.0);
  std::vector<double> counts(sums.size(), 0.0);
  for (std::size_t k = 0; k < residuals.size(); ++k) {
    sums[static_cast<std::size_t>(group[k])] += residuals[k];
    counts[static_cast<std::size_t>(group[k])] += 1.0;
  }
  for (std::size_t g = 0; g < sums.size(); ++g) {
    if (counts[g] > 0.0) sums[g] /= counts[g];
  }
  return sums;
}

}  // namespace

std::vector<double> mean_prediction(std::int64_t rows, std::int64_t columns,
                                    const MatrixEntries& entries, MeanKind kind) {
  if (entries.size() == 0) throw Error("a mean needs observed entries");
  double mean = 0.0;
  for (const double value : entries.value) mean += value;
  mean /= static_cast<double>(entries.size());
  std::vector<double> residuals = entries.value;
  for (double& value : residuals) value -= mean;
  std::vector<double> of_column(static_cast<std::size_t>(columns), 0.0);
  std::vector<double> of_row(static_cast<std::size_t>(rows), 0.0);
  if (kind == MeanKind::column || kind == MeanKind::row_column) {
    of_column = deviations(entries.column, columns, residuals);
    for (std::size_t k = 0; k < residuals.size(); ++k) {
      residuals[k] -= of_column[static_cast<std::size_t>(entries.column[k])];
    }
  }
  if (kind == MeanKind::row || kind == MeanKind::row_column) {
    of_row = deviations(entries.row, rows, residuals);
  }
  std::vector<double> prediction;
  prediction.reserve(static_cast<std::size_t>(rows * columns));
  for (const double row : of_row) {
    for (const double column : of_column) prediction.push_back(mean + row + column);
  }
  return prediction;
}

}  // namespace thalweg
