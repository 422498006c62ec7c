#include "studies/small_data/small_data_score.hpp"

#include <algorithm>

#include "kernels/local_ridge.hpp"

namespace thalweg {

namespace {

/// The entries of a column-major matrix of `rows` rows that belong to `chosen` rows and columns.
std::vector<double> pick(const std::vector<double>& matrix, std::int64_t rows,
                         std::span<const std::int64_t> chosen_rows,
                         std::span<const std::int64_t> chosen_columns) {
  std::vector<double> picked;
  picked.reserve(chosen_rows.size() * chosen_columns.size());
  for (const std::int64_t column : chosen_columns) {
    for (const std::int64_t row : chosen_rows) {
      picked.push_back(matrix[static_cast<std::size_t>(row + column * rows)]);
    }
  }
  return picked;
}

}  // namespace

SmallDataScore small_data_score(const SmallDataMatrices& of, std::span<const std::int64_t> samples,
                                const std::vector<double>& ridges) {
  const auto pool = static_cast<std::int64_t>(of.pool_labels.size());
  const auto tests = static_cast<std::int64_t>(of.test_labels.size());
  const auto n = static_cast<std::int64_t>(samples.size());
  std::vector<std::int32_t> labels;
  for (const std::int64_t sample : samples) {
    labels.push_back(of.pool_labels[static_cast<std::size_t>(sample)]);
  }
  const LocalRidge regression(pick(of.gram, pool, samples, samples),
                              centred_one_hot(labels, of.classes), of.classes);
  const double mean_diagonal = regression.trace() / static_cast<double>(n);
  SmallDataScore best;
  bool found = false;
  for (const double ridge : ridges) {
    const double lambda = ridge * mean_diagonal;
    if (!regression.is_positive(lambda)) continue;
    const double error = regression.leave_one_out(lambda).error;
    if (!found || error < best.loo_error) best = {0.0, error, lambda};
    found = true;
  }
  if (!found) static_cast<void>(regression.solution(ridges.back() * mean_diagonal));  // says why
  const auto alpha = regression.solution(best.ridge);
  std::int64_t right = 0;
  std::vector<double> output(static_cast<std::size_t>(of.classes));
  for (std::int64_t t = 0; t < tests; ++t) {
    std::fill(output.begin(), output.end(), 0.0);
    for (std::int64_t i = 0; i < n; ++i) {
      const double k =
          of.cross[static_cast<std::size_t>(t + samples[static_cast<std::size_t>(i)] * tests)];
      for (std::int64_t c = 0; c < of.classes; ++c) {
        output[static_cast<std::size_t>(c)] += k * alpha[static_cast<std::size_t>(i + c * n)];
      }
    }
    right +=
        largest_output(output.data(), of.classes, 1) == of.test_labels[static_cast<std::size_t>(t)]
            ? 1
            : 0;
  }
  best.test_accuracy = static_cast<double>(right) / static_cast<double>(tests);
  return best;
}

}  // namespace thalweg
