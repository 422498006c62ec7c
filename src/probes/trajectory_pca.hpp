#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg {

/// What the points of a trajectory are taken relative to before their principal components are
/// sought.
enum class Centring { last, mean };

/// Principal components of a trajectory w_1 … w_T, by the T × T Gram matrix of its points and never
/// a matrix of parameters.
struct TrajectoryPca {
  std::vector<std::vector<double>> components;  ///< unit vectors, the most important first
  std::vector<double> explained;                ///< their shares of the sum of squares
  /// The shares of a random walk of many steps in many dimensions: 6/(π²k²) with the mean taken
  /// away, 8/(π²(2k − 1)²) with the last point. A plane that explains no more shows nothing of the
  /// trajectory (Antognini and Sohl-Dickstein 2018, 1806.08805).
  std::vector<double> explained_null;
};

/// The first `count` components; fewer where the trajectory spans fewer dimensions. `points`: T
/// rows of the same length, T ≥ 2. About T² p flops. Local. Throws Error.
template <class Real>
[[nodiscard]] TrajectoryPca trajectory_pca(const std::vector<std::vector<Real>>& points,
                                           Centring centring, std::int64_t count);

}  // namespace thalweg
