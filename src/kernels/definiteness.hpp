#pragma once

#include <cstdint>
#include <string>

#include "linalg/conjugate_gradient.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

/// What a Gram matrix is known to.
struct GramRounding {
  double epsilon = 0.0;        ///< of the numbers it is decomposed or factored in
  double element_error = 0.0;  ///< of its elements, see KernelTiles::element_error

  /// What rounding leaves of a zero eigenvalue of n × n: n ε λ_max, and of errors of the elements
  /// relative to √(K_ii K_jj) at most that times the trace. Local.
  [[nodiscard]] double of(std::int64_t n, double largest, double trace) const;
};

/// The least eigenvalue of a Gram matrix, with its check.
struct LeastEigenvalue {
  double value = 0.0;
  double residual = 0.0;         ///< ‖Kv − λv‖, ‖v‖ = 1; 0 from a whole decomposition
  double largest = 0.0;          ///< λ_max
  std::int64_t null_count = -1;  ///< eigenvalues that are zero to rounding; −1 when not known
};

/// Collective over comm. Of the n × n operator `product`: all eigenvalues up to n = 1024, Lanczos
/// with full reorthogonalisation beyond. `trace` is that of the operator.
[[nodiscard]] LeastEigenvalue least_eigenvalue(const Communicator& comm,
                                               const ColumnOperator& product, std::int64_t n,
                                               const GramRounding& rounding, double trace);

/// Local. Is K + ridge·I surely positive definite, whatever rounding made of it and wherever within
/// its residual the least eigenvalue lies?
[[nodiscard]] bool is_positive(const LeastEigenvalue& least, std::int64_t n, double ridge,
                               double trace, const GramRounding& rounding);

/// Local. What to tell of K + ridge·I that could not be factored: λ_min, how many directions are
/// lost, which ridge would do (absolute and relative to the mean diagonal), and in float32 that
/// float64 may help.
[[nodiscard]] std::string not_positive_message(const LeastEigenvalue& least, std::int64_t n,
                                               double ridge, double trace,
                                               const GramRounding& rounding);

}  // namespace thalweg
