#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/matrix_entries.hpp"
#include "models/batch_layout.hpp"
#include "optimizers/direct/shrinkage.hpp"

namespace thalweg {

struct NuclearNormOptions {
  /// τ; 0: a twentieth of the matrix's Frobenius norm as its observed entries tell it.
  double threshold = 0.0;
};

/// How near to the least nuclear norm a feasible matrix is.
struct NuclearNormCertificate {
  double lower = 0.0;                   ///< by a dual feasible point
  double upper = 0.0;                   ///< of the feasible matrix itself
  double gap = 0.0;                     ///< (upper − lower) / upper
  std::int64_t rank = 0;                ///< singular values that the last threshold left
  std::vector<double> singular_values;  ///< of the feasible matrix, descending
};

/// min ‖W‖_* subject to W_ij = M_ij at the observed entries (Candès & Recht 2009), by
/// Douglas–Rachford splitting (Combettes & Pesquet 2007): Y = Z with the observed entries put in,
/// X = D_τ(2Y − Z), Z ← Z + X − Y. Y is feasible. With λ = (Y − Z)/τ, which vanishes off the
/// observed entries, ⟨λ, M⟩ / max(1, ‖λ‖₂) bounds the optimum from below.
class NuclearNormCompletion {
 public:
  /// Local, over the team that computes. Throws Error where nothing was observed.
  NuclearNormCompletion(const Communicator& team, std::int64_t rows, std::int64_t columns,
                        const MatrixEntries& entries, NuclearNormOptions options);
  NuclearNormCompletion(const NuclearNormCompletion&) = delete;  // its parts refer to each other
  NuclearNormCompletion& operator=(const NuclearNormCompletion&) = delete;
  ~NuclearNormCompletion() = default;

  [[nodiscard]] double threshold() const { return threshold_; }
  /// One step. Collective.
  void step();
  /// Of Y of the present Z: two decompositions of the whole matrix, by the root. Collective.
  [[nodiscard]] NuclearNormCertificate certificate();
  /// Y, the feasible matrix, row-major, on every rank. Collective.
  [[nodiscard]] std::vector<double> matrix() const;
  /// Z, on which all further steps depend, row-major, on every rank. Collective.
  [[nodiscard]] std::vector<double> state() const;
  /// Goes on from there. Local.
  void restore(std::span<const double> state);

 private:
  [[nodiscard]] std::vector<double> gather(const std::vector<double>& mine) const;
  void feasible(std::vector<double>& y) const;

  const Communicator* team_;
  std::int64_t rows_;
  std::int64_t columns_;
  bool flipped_;  ///< computed as its transpose, so that the longer side is dealt out
  double threshold_;
  BatchLayout layout_;
  Shrinkage shrinkage_;
  std::vector<std::int64_t> place_;  ///< of this rank's entries within its rows
  std::vector<double> value_;
  std::vector<double> z_;
  std::vector<double> reflected_;
  std::vector<double> shrunk_;
  std::int64_t rank_ = 0;
};

}  // namespace thalweg
