#pragma once

#include <cstdint>
#include <span>

#include "data/matrix_entries.hpp"

namespace thalweg {

/// Σσ of singular values. Local.
double nuclear_norm(std::span<const double> values);
/// √Σσ². Local.
double frobenius_norm(std::span<const double> values);
/// Σ σ^p over those above 0. Local.
double schatten_sum(std::span<const double> values, double p);
/// exp(−Σ p ln p), p = σ/Σσ (Roy & Vetterli 2007); 0 where all are 0. Local.
double effective_rank(std::span<const double> values);

/// Mean squared difference of a row-major matrix from entries. Local.
double mean_square(std::span<const double> matrix, std::int64_t columns,
                   const MatrixEntries& entries);
/// Largest element by absolute value of those that are not among the entries; 0 if all are. Local.
double largest_besides(std::span<const double> matrix, std::int64_t columns,
                       const MatrixEntries& entries);
/// ‖AᵀB‖_F²/count of the first `count` of orthonormal vectors a and b: the share of one space in
/// the other. Vectors are the columns of row-major matrices of `length` rows, so many columns
/// each. Local.
double subspace_overlap(std::span<const double> a, std::int64_t a_columns,
                        std::span<const double> b, std::int64_t b_columns, std::int64_t length,
                        std::int64_t count);

}  // namespace thalweg
