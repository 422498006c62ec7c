#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/matrix_entries.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

struct AlternatingOptions {
  std::int64_t rank = 5;
  double ridge = 0.1;      ///< λ
  bool by_count = true;    ///< λ times the observations of a row (Zhou et al. 2008), else λ alone
  std::uint64_t seed = 0;  ///< of the right factor at the start
};

/// min Σ_Ω (u_i·v_j − m_ij)² + λ (Σ n_i |u_i|² + Σ n_j |v_j|²) over u_i, v_j of so many numbers:
/// all u with v fixed, each a small least-squares problem, then all v. Rows without observations
/// are zero. Rows are dealt out to the ranks, each the same bits wherever it is solved.
class AlternatingLeastSquares {
 public:
  /// Local, over the team that computes. Throws ConfigurationError for a rank below 1 or a ridge
  /// that is not above 0.
  AlternatingLeastSquares(const Communicator& team, std::int64_t rows, std::int64_t columns,
                          MatrixEntries entries, const AlternatingOptions& options);

  /// All rows, then all columns. Collective.
  void sweep();
  /// The regularised objective. Local.
  [[nodiscard]] double objective() const;
  /// Mean squared error on other entries. Local.
  [[nodiscard]] double mean_square(const MatrixEntries& entries) const;
  /// U Vᵀ, row-major. Local.
  [[nodiscard]] std::vector<double> matrix() const;

  /// U then V, on which further sweeps depend. Local.
  [[nodiscard]] std::vector<double> state() const;
  void restore(std::span<const double> state);

 private:
  void solve(bool rows);
  [[nodiscard]] double element(std::int64_t row, std::int64_t column) const;

  const Communicator* team_;
  std::int64_t rows_;
  std::int64_t columns_;
  MatrixEntries entries_;
  AlternatingOptions options_;
  std::vector<std::vector<std::int64_t>> of_row_;     ///< entries of each row
  std::vector<std::vector<std::int64_t>> of_column_;  ///< entries of each column
  std::vector<double> u_;
  std::vector<double> v_;
};

}  // namespace thalweg
