#include "optimizers/direct/matrix_norms.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {

double nuclear_norm(std::span<const double> values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum;
}

double frobenius_norm(std::span<const double> values) {
  return std::sqrt(schatten_sum(values, 2.0));
}

double schatten_sum(std::span<const double> values, double p) {
  double sum = 0.0;
  for (const double value : values) {
    if (value > 0.0) sum += std::pow(value, p);
  }
  return sum;
}

double effective_rank(std::span<const double> values) {
  const double sum = nuclear_norm(values);
  if (!(sum > 0.0)) return 0.0;
  double entropy = 0.0;
  for (const double value : values) {
    const double share = value / sum;
    if (share > 0.0) entropy -= share * std::log(share);
  }
  return std::exp(entropy);
}

double mean_square(std::span<const double> matrix, std::int64_t columns,
                   const MatrixEntries& entries) {
  double sum = 0.0;
  for (std::size_t k = 0; k < entries.value.size(); ++k) {
    const auto at = static_cast<std::size_t>(entries.row[k] * columns + entries.column[k]);
    sum += (matrix[at] - entries.value[k]) * (matrix[at] - entries.value[k]);
  }
  return sum / static_cast<double>(entries.size());
}

double largest_besides(std::span<const double> matrix, std::int64_t columns,
                       const MatrixEntries& entries) {
  double largest = 0.0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const bool observed =
        next < entries.value.size() &&
        static_cast<std::size_t>(entries.row[next] * columns + entries.column[next]) == i;
    if (observed) {
      ++next;
    } else {
      largest = std::max(largest, std::abs(matrix[i]));
    }
  }
  return largest;
}

double subspace_overlap(std::span<const double> a, std::int64_t a_columns,
                        std::span<const double> b, std::int64_t b_columns, std::int64_t length,
                        std::int64_t count) {
  double sum = 0.0;
  for (std::int64_t p = 0; p < count; ++p) {
    for (std::int64_t q = 0; q < count; ++q) {
      double product = 0.0;
      for (std::int64_t i = 0; i < length; ++i) {
        product += a[static_cast<std::size_t>(i * a_columns + p)] *
                   b[static_cast<std::size_t>(i * b_columns + q)];
      }
      sum += product * product;
    }
  }
  return sum / static_cast<double>(count);
}

}  // namespace thalweg
