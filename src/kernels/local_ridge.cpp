#include "kernels/local_ridge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

LocalRidge::LocalRidge(std::vector<double> gram, std::vector<double> targets, std::int64_t outputs)
    : n_(outputs > 0 ? static_cast<std::int64_t>(targets.size()) / outputs : 0),
      outputs_(outputs),
      targets_(std::move(targets)) {
  if (n_ < 1 || static_cast<std::int64_t>(gram.size()) != n_ * n_) {
    throw Error(
        fmt::format("kernel matrix of {} numbers with targets of {} samples", gram.size(), n_));
  }
  eigen_ = dense_symmetric_eigen(std::move(gram), n_);
  projected_.resize(targets_.size());
  // Column-major Vᵀ Y is row-major Yᵀ V.
  gemm(false, true, outputs_, n_, n_, 1.0, targets_.data(), eigen_.vectors.data(), 0.0,
       projected_.data());
}

double LocalRidge::trace() const {
  return std::accumulate(eigen_.values.begin(), eigen_.values.end(), 0.0);
}

bool LocalRidge::is_positive(double lambda) const {
  const double rounding = static_cast<double>(n_) * std::numeric_limits<double>::epsilon();
  return eigen_.values.front() + lambda > rounding * std::abs(eigen_.values.back());
}

void LocalRidge::require_positive(double lambda) const {
  if (is_positive(lambda)) return;
  throw Error(
      fmt::format("kernel matrix of {} samples plus ridge {} is not positive definite: its "
                  "least eigenvalue is {}, its largest {}; a larger ridge is needed",
                  n_, lambda, eigen_.values.front(), eigen_.values.back()));
}

std::vector<double> LocalRidge::solution(double lambda) const {
  require_positive(lambda);
  std::vector<double> scaled(projected_);
  for (std::int64_t c = 0; c < outputs_; ++c) {
    for (std::int64_t k = 0; k < n_; ++k) {
      scaled[static_cast<std::size_t>(k + c * n_)] /=
          eigen_.values[static_cast<std::size_t>(k)] + lambda;
    }
  }
  std::vector<double> alpha(scaled.size());
  gemm(false, false, outputs_, n_, n_, 1.0, scaled.data(), eigen_.vectors.data(), 0.0,
       alpha.data());
  return alpha;
}

LeaveOneOutScore LocalRidge::leave_one_out(double lambda) const {
  const std::vector<double> alpha = solution(lambda);
  std::vector<double> inverse_diagonal(static_cast<std::size_t>(n_), 0.0);
  for (std::int64_t k = 0; k < n_; ++k) {
    const double weight = 1.0 / (eigen_.values[static_cast<std::size_t>(k)] + lambda);
    const double* vector = eigen_.vectors.data() + k * n_;
    for (std::int64_t i = 0; i < n_; ++i) {
      inverse_diagonal[static_cast<std::size_t>(i)] += weight * vector[i] * vector[i];
    }
  }
  LeaveOneOutScore score;
  std::vector<double> output(static_cast<std::size_t>(outputs_));
  for (std::int64_t i = 0; i < n_; ++i) {
    for (std::int64_t c = 0; c < outputs_; ++c) {
      const auto at = static_cast<std::size_t>(i + c * n_);
      const double error = alpha[at] / inverse_diagonal[static_cast<std::size_t>(i)];
      score.error += 0.5 * error * error;
      output[static_cast<std::size_t>(c)] = targets_[at] - error;
    }
    const std::int64_t label = largest_output(targets_.data() + i, outputs_, n_);
    score.accuracy += largest_output(output.data(), outputs_, 1) == label ? 1.0 : 0.0;
  }
  score.error /= static_cast<double>(n_);
  score.accuracy /= static_cast<double>(n_);
  return score;
}

std::vector<double> centred_one_hot(std::span<const std::int32_t> labels, std::int64_t classes) {
  const auto n = static_cast<std::int64_t>(labels.size());
  std::vector<double> targets(static_cast<std::size_t>(n * classes));
  const double off = -1.0 / static_cast<double>(classes);
  for (std::int64_t c = 0; c < classes; ++c) {
    for (std::int64_t i = 0; i < n; ++i) {
      const bool hit = labels[static_cast<std::size_t>(i)] == c;
      targets[static_cast<std::size_t>(i + c * n)] = hit ? 1.0 + off : off;
    }
  }
  return targets;
}

std::int64_t largest_output(const double* first, std::int64_t outputs, std::int64_t stride) {
  std::int64_t best = 0;
  for (std::int64_t c = 1; c < outputs; ++c) {
    if (first[c * stride] > first[best * stride]) best = c;
  }
  return best;
}

}  // namespace thalweg
