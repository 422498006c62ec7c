#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "landscape/landscape_work.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

/// How points that no training step has visited are evaluated.
struct PointEvaluation {
  /// Where batch norm takes its statistics from: from the training samples anew at every point, or
  /// `running_statistics` at all of them.
  bool reestimated = true;
  std::vector<double> running_statistics;
  std::vector<std::int64_t> training;  ///< the training samples that count; empty: all
};

/// Losses and accuracies at a number of points.
struct PointValues {
  std::vector<double> train_loss;
  std::vector<double> train_accuracy;
  std::vector<double> test_loss;
  std::vector<double> test_accuracy;

  /// Adds the four datasets to `group`, of this shape over these dimensions.
  void write_to(Record& record, const std::string& group, const std::vector<std::int64_t>& shape,
                const std::vector<std::string>& dimensions) const;
};

/// Runs of points that are taken together: long ones first and single ones at the end
/// (Polychronopoulos and Kuck 1987), so that few tickets are made and no team waits long for the
/// last. Local.
[[nodiscard]] std::vector<Range> taken_together(std::int64_t points, std::int64_t teams);

/// Evaluates points 0 … points − 1 of a network; `point_at(i, x)` writes point i. Teams take the
/// next point whenever they have ended one, so the values may not depend on who computes them, and
/// do not. What is done is kept in DIR/checkpoints/`name`.points-TEAM, whatever the teams were, and
/// not done again when the study is resumed. Fills `values` on every rank; false where an interrupt
/// or the time limit came first. Collective over the world. Throws ReportedError.
template <class Real>
bool evaluate_points(const Landscape<Real>& landscape, const std::string& name,
                     const RunSpec& network, const PointEvaluation& how, std::int64_t points,
                     const std::function<void(std::int64_t i, std::span<Real> x)>& point_at,
                     PointValues& values);

/// Forgets what evaluate_points kept. Local.
void remove_kept_points(const std::string& folder, const std::string& name);

}  // namespace thalweg
