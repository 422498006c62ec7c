#include "studies/completion/matrix_measure.hpp"

#include <algorithm>
#include <utility>

#include "optimizers/direct/matrix_norms.hpp"

namespace thalweg {

namespace {

/// Matrices up to this order tell the sign of their determinant.
constexpr std::int64_t kSignedOrder = 16;

unsigned columns_of(const CompletionSpec& plan, const MethodSpec& method,
                    const CompletionProblem& problem) {
  unsigned groups = kAlways;
  if (problem.validation.size() > 0) groups |= kValidation;
  if (problem.test.size() > 0) groups |= kTest;
  const bool has_unobserved =
      !problem.is_measured() && problem.train.size() < problem.rows * problem.columns;
  if (has_unobserved) groups |= kUnobserved;
  if (!problem.truth.empty()) groups |= kTruth;
  if (method.is_trajectory()) groups |= kTime | kTrajectory;
  if (method.is_trajectory() && method.is_flow) groups |= kFlow;
  if (method.type == MethodType::nuclear_norm) groups |= kBounds;
  if (method.type == MethodType::factorization) {
    if (method.depth > 1) groups |= kFactors;
    if (method.depth > 1 && plan.alignment) groups |= kAlignment;
    const bool small = problem.rows == problem.columns && problem.rows <= kSignedOrder;
    if (small && method.hidden == 0) groups |= kSigns;
  }
  return groups;
}

}  // namespace

MatrixMeasure::MatrixMeasure(const CompletionSpec& plan, const MethodSpec& method,
                             const CompletionProblem& problem)
    : plan_(&plan),
      method_(&method),
      problem_(&problem),
      groups_(columns_of(plan, method, problem)) {
  if (!problem.truth.empty()) {
    truth_ = dense_svd(problem.truth, problem.rows, problem.columns, true);
  }
}

template <class Real>
void MatrixMeasure::begin(const FactorChain& chain, std::span<const Real> factors) {
  start_ = factor_joints(chain, factors);
}

void MatrixMeasure::measure(const std::vector<double>& matrix, MatrixRow& row) const {
  const auto& problem = *problem_;
  const bool with_vectors = (groups_ & kTruth) != 0;
  const auto svd = dense_svd(matrix, problem.rows, problem.columns, with_vectors);
  row.nuclear_norm = nuclear_norm(svd.values);
  row.frobenius_norm = frobenius_norm(svd.values);
  row.spectral_norm = svd.values.front();
  row.effective_rank = effective_rank(svd.values);
  row.schatten = schatten_sum(svd.values, 2.0 / method_->depth);
  const auto kept =
      std::min<std::size_t>(svd.values.size(), static_cast<std::size_t>(plan_->singular_values));
  row.singular_values.assign(svd.values.begin(),
                             svd.values.begin() + static_cast<std::ptrdiff_t>(kept));
  if ((groups_ & kValidation) != 0) {
    row.validation_loss = mean_square(matrix, problem.columns, problem.validation);
  }
  if ((groups_ & kTest) != 0) row.test_loss = mean_square(matrix, problem.columns, problem.test);
  if ((groups_ & kUnobserved) != 0) {
    row.largest_unobserved = largest_besides(matrix, problem.columns, problem.train);
  }
  if (with_vectors) {
    const auto k = static_cast<std::int64_t>(svd.values.size());
    row.left_overlap = subspace_overlap(svd.left, k, truth_.left, k, problem.rows, problem.rank);
    // Right vectors lie along rows: turned, they are columns.
    const auto turned = [&](const std::vector<double>& right) {
      std::vector<double> columns(right.size());
      for (std::int64_t i = 0; i < k; ++i) {
        for (std::int64_t j = 0; j < problem.columns; ++j) {
          columns[static_cast<std::size_t>(j * k + i)] =
              right[static_cast<std::size_t>(i * problem.columns + j)];
        }
      }
      return columns;
    };
    row.right_overlap = subspace_overlap(turned(svd.right), k, turned(truth_.right), k,
                                         problem.columns, problem.rank);
  }
  if (plan_->keep_matrices) row.matrix = matrix;
}

template <class Real>
void MatrixMeasure::measure_factors(const FactorChain& chain, std::span<const Real> factors,
                                    MatrixRow& row) const {
  if ((groups_ & kFactors) != 0) {
    const auto joints = factor_joints(chain, factors);
    row.imbalance = imbalance(joints, start_);
    if ((groups_ & kAlignment) != 0) row.alignment = alignment(chain, joints);
  }
  if ((groups_ & kSigns) != 0) row.determinant_sign = determinant_sign(chain, factors);
}

void MatrixMeasure::write_vectors(const std::vector<double>& matrix, Record& record) const {
  const std::int64_t rows = problem_->rows;
  const std::int64_t columns = problem_->columns;
  const auto svd = dense_svd(matrix, rows, columns, true);
  const auto k = static_cast<std::int64_t>(svd.values.size());
  const std::int64_t kept = std::min(k, plan_->singular_values);
  std::vector<double> left;
  std::vector<double> right;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t p = 0; p < kept; ++p) {
      left.push_back(svd.left[static_cast<std::size_t>(i * k + p)]);
    }
  }
  for (std::int64_t j = 0; j < columns; ++j) {
    for (std::int64_t p = 0; p < kept; ++p) {
      right.push_back(svd.right[static_cast<std::size_t>(p * columns + j)]);
    }
  }
  record.arrays["/spectrum/left_vectors"] = Array{
      std::move(left), {rows, kept}, {"row", "index"}, "1", "left singular vectors at the end"};
  record.arrays["/spectrum/right_vectors"] = Array{std::move(right),
                                                   {columns, kept},
                                                   {"column", "index"},
                                                   "1",
                                                   "right singular vectors at the end"};
}

template void MatrixMeasure::begin(const FactorChain&, std::span<const float>);
template void MatrixMeasure::begin(const FactorChain&, std::span<const double>);
template void MatrixMeasure::measure_factors(const FactorChain&, std::span<const float>,
                                             MatrixRow&) const;
template void MatrixMeasure::measure_factors(const FactorChain&, std::span<const double>,
                                             MatrixRow&) const;

}  // namespace thalweg
