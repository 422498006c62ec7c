#pragma once

#include <span>
#include <vector>

#include "landscape/landscape_work.hpp"
#include "landscape/surface_settings.hpp"

namespace thalweg {

/// Coordinates on a line or a plane in parameter space.
template <class Real>
class SurfaceFrame {
 public:
  /// Where a point lies: coordinates of the nearest point of the line or plane, and how far off.
  struct Place {
    double x = 0.0;
    double y = 0.0;
    double distance = 0.0;
  };

  /// centre + x d_1 + y d_2; one direction or two. Local.
  SurfaceFrame(std::vector<Real> centre, std::vector<std::vector<double>> directions);
  /// Through the centre at (0, 0) and the corners at (1, 0) and (0, 1), all exactly. Local.
  static SurfaceFrame through(std::vector<Real> centre, std::vector<std::vector<Real>> corners);

  /// Local.
  void point(double x, double y, std::span<Real> w) const;
  [[nodiscard]] Place place_of(std::span<const Real> w) const;
  [[nodiscard]] const std::vector<std::vector<double>>& directions() const { return directions_; }

 private:
  std::vector<Real> centre_;
  std::vector<std::vector<double>> directions_;
  std::vector<std::vector<Real>> corners_;  // empty: the plane goes through its centre alone
};

/// What stands beside a surface about its axes.
struct AxesFacts {
  bool complete = false;  ///< of eigenvectors: none further out was missed
  std::vector<double> eigenvalues;
  std::vector<double> residuals;
  std::vector<double> explained;
  std::vector<double> explained_null;
};

/// The directions of a surface of axes random, eigenvectors or pca; `training` as in
/// PointEvaluation. Throws where the Hessian's or the trajectory's directions are too few.
/// Collective over the landscape's world.
template <class Real>
std::vector<std::vector<double>> surface_directions(const Landscape<Real>& landscape,
                                                    const SurfaceSpec& plan,
                                                    const Snapshot<Real>& centre, Subset training,
                                                    AxesFacts& facts);

}  // namespace thalweg
