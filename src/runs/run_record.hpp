#pragma once

#include <cstdint>
#include <vector>

#include "probes/probe_rows.hpp"
#include "records/record.hpp"

namespace thalweg {

/// One row of /trajectory.
struct TrajectoryPoint {
  std::int64_t step = 0;
  double epoch = 0.0;
  std::int64_t samples = 0;
  double learning_rate = 0.0;
  std::int64_t batch_size = 0;
  double train_loss = 0.0;  ///< of an objective without data its value, recorded as loss
  double train_accuracy = 0.0;
  double test_loss = 0.0;
  double test_accuracy = 0.0;
  double validation_loss = 0.0;  ///< recorded only if samples are held out
  double validation_accuracy = 0.0;
  double gradient_norm = 0.0;  ///< recorded only if the run measures it at every evaluation
  double distance_from_start = 0.0;
  double time = 0.0;                  ///< these four recorded only of a flow
  double stiffness = 0.0;             ///< h|λ| of the integrator's last step
  std::int64_t integrator_steps = 0;  ///< accepted so far
  std::int64_t flow_evaluations = 0;  ///< gradients so far
  double elapsed_s = 0.0;
};

/// Columns of /trajectory that not every run has.
struct RunColumns {
  bool data = false;     ///< losses and accuracies on halves of a data set, in place of one loss
  bool samples = false;  ///< steps draw samples: epochs, batches
  bool gradient_norm = false;
  bool validation = false;
  bool flow = false;
};

/// Gathers what a run measures into record columns, and reads it back from a checkpoint.
class RunRecord {
 public:
  explicit RunRecord(RunColumns columns) : columns_(columns) {}

  void add(const TrajectoryPoint& point) { points_.push_back(point); }
  [[nodiscard]] ProbeRows& probes() { return probes_; }
  [[nodiscard]] const std::vector<TrajectoryPoint>& points() const { return points_; }

  /// Adds /trajectory and /probes to `record`.
  void write_to(Record& record) const;
  /// The state that write_to left in a checkpoint.
  void read_from(const Record& record);

 private:
  RunColumns columns_;
  std::vector<TrajectoryPoint> points_;
  ProbeRows probes_;
};

}  // namespace thalweg
