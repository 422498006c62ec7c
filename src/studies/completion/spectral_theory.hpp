#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "studies/completion/completion_problem.hpp"
#include "studies/completion/completion_settings.hpp"

namespace thalweg {

/// Where the singular values of a fully observed matrix are on the way there: factors that are
/// balanced and share its singular vectors keep them, and each value follows σ̇ = −N σ^{2−2/N} g (σ
/// − s) by itself (Arora et al. 2019, Theorem 3), g being twice the loss's coefficient. Depth 1 and
/// 2 have closed forms, others are integrated to 1e-10.
class SpectralTheory {
 public:
  /// Nothing where that does not hold: other starts, losses, missing or noisy entries. Local.
  static std::optional<SpectralTheory> of(const CompletionSpec& plan, const MethodSpec& method,
                                          const CompletionProblem& problem);
  /// The values at each of these ascending times, row after row, for the largest `count` values of
  /// the matrix, each row in descending order. Local.
  [[nodiscard]] std::vector<double> at(std::span<const double> times, std::int64_t count) const;

 private:
  int depth_ = 1;
  double start_ = 0.0;
  double rate_ = 1.0;
  std::vector<double> targets_;
};

}  // namespace thalweg
