#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg {

/// The velocity of the product W of a chain of N balanced factors under gradient flow (Arora, Cohen
/// & Hazan 2018, Theorem 1): Ẇ = −Σ_j (WWᵀ)^{(N−j)/N} ∇L (WᵀW)^{(j−1)/N}, j = 1, …, N. W and ∇L are
/// rows × columns, row-major. One singular value decomposition. Local. Throws Error where W is not
/// finite.
std::vector<double> end_to_end_velocity(std::int64_t rows, std::int64_t columns, int depth,
                                        std::span<const double> w,
                                        std::span<const double> gradient);

/// dσ/dt of a singular value σ of W under that flow, s being ⟨∇L, u vᵀ⟩ (Arora et al. 2019, Theorem
/// 3): −N σ^{2−2/N} s. Local.
[[nodiscard]] double singular_velocity(int depth, double value, double slope);

}  // namespace thalweg
