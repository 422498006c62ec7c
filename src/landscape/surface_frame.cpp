#include "landscape/surface_frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "linalg/outer_eigenpairs.hpp"
#include "objectives/composed/double_precision.hpp"
#include "probes/hessian_operator.hpp"
#include "runs/recorded_study.hpp"
#include "runs/run_network.hpp"

namespace thalweg {

template <class Real>
SurfaceFrame<Real>::SurfaceFrame(std::vector<Real> centre,
                                 std::vector<std::vector<double>> directions)
    : centre_(std::move(centre)), directions_(std::move(directions)) {}

template <class Real>
SurfaceFrame<Real> SurfaceFrame<Real>::through(std::vector<Real> centre,
                                               std::vector<std::vector<Real>> corners) {
  std::vector<std::vector<double>> directions;
  for (const auto& corner : corners) {
    directions.emplace_back(corner.size());
    for (std::size_t j = 0; j < corner.size(); ++j) {
      directions.back()[j] = static_cast<double>(corner[j]) - static_cast<double>(centre[j]);
    }
  }
  SurfaceFrame frame(std::move(centre), std::move(directions));
  frame.corners_ = std::move(corners);
  return frame;
}

template <class Real>
void SurfaceFrame<Real>::point(double x, double y, std::span<Real> w) const {
  const double at[2] = {x, y};
  for (std::size_t j = 0; j < w.size(); ++j) {
    auto sum = static_cast<double>(centre_[j]);
    if (corners_.empty()) {
      for (std::size_t d = 0; d < directions_.size(); ++d) sum += at[d] * directions_[d][j];
    } else {
      sum *= corners_.size() > 1 ? 1.0 - x - y : 1.0 - x;
      for (std::size_t d = 0; d < corners_.size(); ++d) {
        sum += at[d] * static_cast<double>(corners_[d][j]);
      }
    }
    w[j] = static_cast<Real>(sum);
  }
}

template <class Real>
typename SurfaceFrame<Real>::Place SurfaceFrame<Real>::place_of(std::span<const Real> w) const {
  // Normal equations of the two directions.
  double gram[2][2] = {{0.0, 0.0}, {0.0, 0.0}};
  double right[2] = {0.0, 0.0};
  double squares = 0.0;
  const std::size_t n = directions_.size();
  for (std::size_t j = 0; j < w.size(); ++j) {
    const double gap = static_cast<double>(w[j]) - static_cast<double>(centre_[j]);
    squares += gap * gap;
    for (std::size_t a = 0; a < n; ++a) {
      right[a] += directions_[a][j] * gap;
      for (std::size_t b = 0; b < n; ++b) gram[a][b] += directions_[a][j] * directions_[b][j];
    }
  }
  Place place;
  if (n == 1) {
    place.x = right[0] / gram[0][0];
  } else {
    const double determinant = gram[0][0] * gram[1][1] - gram[0][1] * gram[1][0];
    place.x = (gram[1][1] * right[0] - gram[0][1] * right[1]) / determinant;
    place.y = (gram[0][0] * right[1] - gram[1][0] * right[0]) / determinant;
  }
  const double within = place.x * right[0] + place.y * right[1];
  place.distance = std::sqrt(std::max(squares - within, 0.0));
  return place;
}

namespace {

template <class Real>
std::vector<std::vector<double>> eigenvectors(const Landscape<Real>& landscape,
                                              const SurfaceSpec& plan, const Snapshot<Real>& centre,
                                              Subset training, AxesFacts& facts) {
  const auto objective =
      make_network_loss(landscape.together, landscape.run_named(plan.run), landscape.data);
  objective->network().set_buffers(centre.statistics);
  objective->set_statistics(plan.reestimated ? Statistics::batch : Statistics::frozen);
  DoublePrecision<Real> widened(*objective);
  const std::vector<double> at(centre.parameters.begin(), centre.parameters.end());
  LanczosOptions options;
  options.max_iterations = plan.iterations;
  options.tolerance = plan.tolerance;
  options.seed = plan.seed;
  options.largest = plan.is_line() ? 1 : 2;
  options.smallest = 0;
  const auto found =
      outer_eigenpairs(widened.space(), hessian_operator(widened, at, training), options);
  if (static_cast<std::int64_t>(found.largest.size()) < options.largest) {
    throw Error(fmt::format("surface {}: the Hessian showed {} eigenvectors, expected {}",
                            plan.name, found.largest.size(), options.largest));
  }
  facts.complete = found.complete;
  std::vector<std::vector<double>> directions;
  for (const auto& pair : found.largest) {
    directions.emplace_back(at.size());
    widened.space().gather(std::span<const double>(pair.vector_slice),
                           std::span(directions.back()));
    facts.eigenvalues.push_back(pair.value);
    facts.residuals.push_back(pair.residual);
  }
  return directions;
}

/// The root reads the run's snapshots, and sends the components. Collective.
template <class Real>
std::vector<std::vector<double>> components(const Landscape<Real>& landscape,
                                            const SurfaceSpec& plan, std::size_t parameters,
                                            AxesFacts& facts) {
  const Communicator& world = landscape.context.world;
  const std::size_t wanted = plan.is_line() ? 1 : 2;
  std::vector<std::vector<double>> directions(wanted);
  facts.explained.resize(wanted);
  facts.explained_null.resize(wanted);
  collectively(world, [&] {
    if (!world.is_root()) return;
    std::vector<std::vector<Real>> points;
    for (const auto step : stored_points(landscape.runs_folder, plan.run).snapshots) {
      points.push_back(
          read_snapshot<Real>(snapshot_file(landscape.runs_folder, plan.run, step)).parameters);
    }
    auto pca = trajectory_pca(points, plan.centring, static_cast<std::int64_t>(wanted));
    if (pca.components.size() < wanted) {
      throw Error(fmt::format("surface {}: the {} snapshots of {} span {} directions, expected {}",
                              plan.name, points.size(), plan.run, pca.components.size(), wanted));
    }
    directions = std::move(pca.components);
    facts.explained = pca.explained;
    facts.explained_null = pca.explained_null;
  });
  for (auto& direction : directions) {
    direction.resize(parameters);
    world.broadcast(std::span<double>(direction));
  }
  world.broadcast(std::span<double>(facts.explained));
  world.broadcast(std::span<double>(facts.explained_null));
  return directions;
}

}  // namespace

template <class Real>
std::vector<std::vector<double>> surface_directions(const Landscape<Real>& landscape,
                                                    const SurfaceSpec& plan,
                                                    const Snapshot<Real>& centre, Subset training,
                                                    AxesFacts& facts) {
  if (plan.axes == SurfaceAxes::pca) {
    return components(landscape, plan, centre.parameters.size(), facts);
  }
  std::vector<std::vector<double>> directions;
  if (plan.axes == SurfaceAxes::eigenvectors) {
    directions = eigenvectors(landscape, plan, centre, training, facts);
  } else {
    for (std::int64_t i = 0; i < (plan.is_line() ? 1 : 2); ++i) {
      directions.push_back(
          random_direction(static_cast<std::int64_t>(centre.parameters.size()), plan.seed, i));
    }
  }
  const auto blocks = network_of(landscape.run_named(plan.run), landscape.data).parameters();
  for (auto& direction : directions) {
    if (plan.biases_left_out) leave_out_biases(direction, blocks);
    normalise_direction<Real>(direction, centre.parameters, blocks, plan.norm);
  }
  return directions;
}

template class SurfaceFrame<float>;
template class SurfaceFrame<double>;
template std::vector<std::vector<double>> surface_directions(const Landscape<float>&,
                                                             const SurfaceSpec&,
                                                             const Snapshot<float>&, Subset,
                                                             AxesFacts&);
template std::vector<std::vector<double>> surface_directions(const Landscape<double>&,
                                                             const SurfaceSpec&,
                                                             const Snapshot<double>&, Subset,
                                                             AxesFacts&);

}  // namespace thalweg
