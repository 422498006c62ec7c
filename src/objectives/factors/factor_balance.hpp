#pragma once

#include <span>
#include <vector>

#include "objectives/factors/factor_chain.hpp"

namespace thalweg {

/// The matrices at a place between two factors, row-major, of order size(j).
struct FactorJoint {
  std::vector<double> left;   ///< W_jᵀ W_j
  std::vector<double> right;  ///< W_{j+1} W_{j+1}ᵀ
};

/// At every place between neighbouring factors. Their differences are kept by gradient flow (Arora,
/// Cohen & Hazan 2018), so they tell how far a trajectory is from one. Local.
template <class Real>
std::vector<FactorJoint> factor_joints(const FactorChain& chain, std::span<const Real> parameters);

/// Largest Frobenius norm, over the joints, of how left − right differs between two points; from
/// zero where `start` is empty. Local.
double imbalance(const std::vector<FactorJoint>& now, const std::vector<FactorJoint>& start);

/// Least ⟨u, v⟩² over the joints, u and v being the top eigenvectors of left and right: 1 where the
/// factors are aligned (Ji & Telgarsky 2019). A chain of one factor is. Local.
double alignment(const FactorChain& chain, const std::vector<FactorJoint>& joints);

/// Product of the signs of the determinants of square factors: that of the sign of their product's,
/// which may be too small to be told. 0 where a factor is singular. Throws Error where one is not
/// square. Local.
template <class Real>
double determinant_sign(const FactorChain& chain, std::span<const Real> parameters);

}  // namespace thalweg
