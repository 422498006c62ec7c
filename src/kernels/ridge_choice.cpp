#include "kernels/ridge_choice.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/error.hpp"

namespace thalweg {

bool RidgeChoice::better_than(const RidgeChoice& other, LeaveOneOutCriterion criterion) const {
  if (criterion == LeaveOneOutCriterion::accuracy && left_out.accuracy != other.left_out.accuracy) {
    return left_out.accuracy > other.left_out.accuracy;
  }
  return left_out.error < other.left_out.error;
}

RidgeChoice choose_ridge(std::vector<double> gram, std::span<const std::int32_t> labels,
                         std::int64_t classes, std::span<const double> relative_ridges,
                         LeaveOneOutCriterion criterion) {
  const LocalRidge regression(std::move(gram), centred_one_hot(labels, classes), classes);
  const double mean = regression.trace() / static_cast<double>(regression.samples());
  const double lambda_min = regression.eigenvalues().front();
  std::optional<RidgeChoice> best;
  double best_ridge = 0.0;
  for (const double relative : relative_ridges) {
    const double ridge = relative * mean;
    if (!(ridge > 0.0) || !regression.is_positive(ridge)) continue;
    RidgeChoice choice{relative, regression.leave_one_out(ridge), lambda_min / mean, {}};
    if (best && !choice.better_than(*best, criterion)) continue;
    best = std::move(choice);
    best_ridge = ridge;
  }
  if (!best) {
    throw Error(fmt::format(
        "with none of the ridges the kernel's matrix of {} samples is positive definite: its least "
        "eigenvalue is {:g}, the mean one {:g}",
        regression.samples(), lambda_min, mean));
  }
  best->alpha = regression.solution(best_ridge);
  return *best;
}

}  // namespace thalweg
