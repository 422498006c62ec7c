#pragma once

#include <optional>
#include <string>
#include <vector>

#include "landscape/connection_settings.hpp"
#include "landscape/landscape_work.hpp"
#include "objectives/composed/curve.hpp"
#include "objectives/network/network_loss.hpp"

namespace thalweg {

/// A trained curve between two points.
template <class Real>
struct TrainedCurve {
  std::vector<Real> control_points;  ///< the inner ones, one after the other
  std::vector<std::int64_t> step;    ///< at the end of each epoch
  std::vector<double> loss;          ///< the mean over the epoch's steps, each at its own t
};

/// The network's run with the batches, rates and length that the curve's training takes in place of
/// its own: what checks of a run say of it holds of the training. Local.
RunSpec as_run(const ConnectionSpec& plan, const RunSpec& network);

/// Trains the inner control points of `curve` on E_t loss(φ(t)): every step draws t from (seed,
/// curve_time, step) and a batch, and takes a training step's gradient at φ(t) (Garipov et al.
/// 2018). Begins on the straight line. What has been done is kept in DIR/checkpoints/`name`.h5 at
/// times and when it ends; nothing where an interrupt or the time limit came first. The same bits
/// on any number of ranks. Collective over the landscape's world.
template <class Real>
std::optional<TrainedCurve<Real>> train_curve(const Landscape<Real>& landscape,
                                              const std::string& name, const ConnectionSpec& plan,
                                              NetworkLoss<Real>& loss, CurveObjective<Real>& curve);

}  // namespace thalweg
