#include "kernels/dense_ridge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "linalg/dense_symmetric.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

bool DenseRidge::better_than(const DenseRidge& other, LeaveOneOutCriterion criterion) const {
  if (criterion == LeaveOneOutCriterion::accuracy && loo_accuracy != other.loo_accuracy) {
    return loo_accuracy > other.loo_accuracy;
  }
  return loo_error < other.loo_error;
}

std::vector<std::int32_t> predicted_classes(std::span<const double> outputs, std::int64_t classes) {
  std::vector<std::int32_t> predicted;
  const auto c = static_cast<std::size_t>(classes);
  for (std::size_t at = 0; at + c <= outputs.size(); at += c) {
    const auto row = outputs.subspan(at, c);
    predicted.push_back(
        static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin()));
  }
  return predicted;
}

namespace {

/// A ridge's leave-one-out scores, from α and the diagonal of (K + λI)⁻¹.
void score(DenseRidge& choice, std::span<const double> inverse_diagonal,
           std::span<const double> targets, std::span<const std::int32_t> labels,
           std::int64_t classes) {
  const std::size_t n = labels.size();
  const auto c = static_cast<std::size_t>(classes);
  std::vector<double> left_out(n * c);
  double error = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < c; ++k) {
      const double e = choice.alpha[i * c + k] / inverse_diagonal[i];
      left_out[i * c + k] = targets[i * c + k] - e;
      error += e * e;
    }
  }
  const auto predicted = predicted_classes(left_out, classes);
  std::int64_t right = 0;
  for (std::size_t i = 0; i < n; ++i) right += predicted[i] == labels[i] ? 1 : 0;
  choice.loo_accuracy = static_cast<double>(right) / static_cast<double>(n);
  choice.loo_error = error / static_cast<double>(n);
}

}  // namespace

DenseRidge choose_ridge(std::vector<double> gram, std::span<const std::int32_t> labels,
                        std::int64_t classes, std::span<const double> relative_ridges,
                        LeaveOneOutCriterion criterion) {
  const std::size_t n = labels.size();
  const auto c = static_cast<std::size_t>(classes);
  const auto rows = static_cast<std::int64_t>(n);
  if (n == 0 || gram.size() != n * n) {
    throw Error(fmt::format("a Gram matrix of {} samples has {} elements", n, gram.size()));
  }
  double trace = 0.0;
  for (std::size_t i = 0; i < n; ++i) trace += gram[i * n + i];
  const double mean = trace / static_cast<double>(n);
  std::vector<double> targets(n * c, -1.0 / static_cast<double>(classes));
  for (std::size_t i = 0; i < n; ++i) targets[i * c + static_cast<std::size_t>(labels[i])] += 1.0;

  const SymmetricEigen eigen = symmetric_eigen(std::move(gram), rows);
  std::vector<double> projected(n * c);  // Vᵀ Y
  gemm(false, false, rows, classes, rows, 1.0, eigen.vectors.data(), targets.data(), 0.0,
       projected.data());
  std::vector<double> squares(eigen.vectors.size());
  for (std::size_t k = 0; k < squares.size(); ++k) squares[k] = eigen.vectors[k] * eigen.vectors[k];

  std::optional<DenseRidge> best;
  std::vector<double> inverse(n);
  std::vector<double> scaled(n * c);
  std::vector<double> diagonal(n);
  for (const double relative : relative_ridges) {
    DenseRidge choice{relative * mean, relative, 0.0, 0.0, eigen.values.front() / mean, {}};
    if (!(eigen.values.front() + choice.ridge > 0.0)) continue;
    for (std::size_t k = 0; k < n; ++k) {
      inverse[k] = 1.0 / (eigen.values[k] + choice.ridge);
      for (std::size_t j = 0; j < c; ++j) scaled[k * c + j] = projected[k * c + j] * inverse[k];
    }
    choice.alpha.resize(n * c);
    gemm(true, false, rows, classes, rows, 1.0, eigen.vectors.data(), scaled.data(), 0.0,
         choice.alpha.data());
    gemm(false, false, 1, rows, rows, 1.0, inverse.data(), squares.data(), 0.0, diagonal.data());
    score(choice, diagonal, targets, labels, classes);
    if (!best || choice.better_than(*best, criterion)) best = std::move(choice);
  }
  if (!best) {
    throw Error(fmt::format(
        "the kernel's matrix of {} samples is not positive definite: its least eigenvalue is {:g} "
        "of the mean one, and no ridge offered is above that",
        n, -eigen.values.front() / mean));
  }
  return *best;
}

}  // namespace thalweg
