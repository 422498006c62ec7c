#pragma once

#include <cstdint>
#include <string>

#include "linalg/conjugate_gradient.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

/// The least eigenvalue of a Gram matrix, with its check.
struct LeastEigenvalue {
  double value = 0.0;
  double residual = 0.0;         ///< ‖Kv − λv‖, ‖v‖ = 1; 0 from a whole decomposition
  double largest = 0.0;          ///< λ_max
  std::int64_t null_count = -1;  ///< eigenvalues that are at most n ε λ_max; −1 when not known
};

/// Collective over comm. Of the n × n operator `product`: all eigenvalues up to n = 1024, Lanczos
/// with full reorthogonalisation beyond. `epsilon` is the relative rounding of the operator's
/// elements.
[[nodiscard]] LeastEigenvalue least_eigenvalue(const Communicator& comm,
                                               const ColumnOperator& product, std::int64_t n,
                                               double epsilon);

/// Local. What to tell of K + ridge·I that could not be factored: λ_min, how many directions are
/// lost, which ridge would do (absolute and relative to `mean_diagonal`), and in float32 that
/// float64 may help.
[[nodiscard]] std::string not_positive_message(const LeastEigenvalue& least, std::int64_t n,
                                               double ridge, double mean_diagonal, double epsilon);

}  // namespace thalweg
