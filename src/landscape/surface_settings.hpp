#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probes/directions.hpp"
#include "probes/trajectory_pca.hpp"
#include "runs/run_settings.hpp"

namespace thalweg {

/// Where the axes of a surface point.
enum class SurfaceAxes {
  random,        ///< Gaussian directions
  eigenvectors,  ///< of the Hessian at the centre, its largest eigenvalues
  pca,           ///< principal components of the run's snapshots
  points,        ///< to the ends of other runs
};

/// One axis: equally spaced coordinates.
struct SurfaceRange {
  double low = -1.0;
  double high = 1.0;
};

/// A grid of points around the end of a run.
struct SurfaceSpec {
  std::string name;
  std::string run;                  ///< coordinates 0, 0
  std::vector<std::string> toward;  ///< of axes points: coordinates 1, 0 and 0, 1
  SurfaceAxes axes = SurfaceAxes::random;
  DirectionNorm norm = DirectionNorm::filter;
  bool biases_left_out = true;
  Centring centring = Centring::last;  ///< of axes pca
  std::int64_t nx = 25;
  std::int64_t ny = 25;  ///< 1: a line
  /// None where the snapshots decide, of axes pca.
  std::optional<SurfaceRange> x;
  std::optional<SurfaceRange> y;
  bool reestimated = false;       ///< batch norm's statistics, at every point; else the run's own
  std::int64_t samples = 0;       ///< the first of the training set; 0: all
  std::uint64_t seed = 0;         ///< of random directions and of Lanczos' start
  std::int64_t iterations = 100;  ///< of Lanczos
  double tolerance = 1e-4;

  [[nodiscard]] bool is_line() const { return ny == 1; }
};

/// "random", "eigenvectors", "pca", "points"; "none", "layer", "filter".
[[nodiscard]] std::string name_of(SurfaceAxes axes);
[[nodiscard]] std::string name_of(DirectionNorm norm);

/// Reads [[surface]]; one surface a seed where groups are named. Local. Throws ConfigurationError.
std::vector<SurfaceSpec> read_surface_specs(const Settings& settings,
                                            const std::vector<RunSpec>& runs,
                                            std::uint64_t study_seed);

/// Has the run of the surface the snapshots, and its training set the samples, that it asks for?
/// `samples`: of that set, -1 where that is not known yet. Local. Throws ConfigurationError.
void check_surface(const SurfaceSpec& plan, const RunSpec& run, std::int64_t samples);

}  // namespace thalweg
