#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "probes/measurement.hpp"
#include "records/record.hpp"

namespace thalweg {

/// One row of /trajectory.
struct TrajectoryPoint {
  std::int64_t step = 0;
  double epoch = 0.0;
  std::int64_t samples = 0;
  double learning_rate = 0.0;
  std::int64_t batch_size = 0;
  double train_loss = 0.0;
  double train_accuracy = 0.0;
  double test_loss = 0.0;
  double test_accuracy = 0.0;
  double validation_loss = 0.0;  ///< recorded only if samples are held out
  double validation_accuracy = 0.0;
  double gradient_norm = 0.0;  ///< recorded only if the run measures it at every evaluation
  double distance_from_start = 0.0;
  double elapsed_s = 0.0;
};

/// Columns of /trajectory that not every run has.
struct RunColumns {
  bool gradient_norm = false;
  bool validation = false;
};

/// Gathers what a run measures into record columns, and reads it back from a checkpoint.
class RunRecord {
 public:
  explicit RunRecord(RunColumns columns) : columns_(columns) {}

  void add(const TrajectoryPoint& point) { points_.push_back(point); }
  void add(const std::string& probe, std::int64_t step, const Measurement& measurement);
  /// Whether the probe's latest row is of this step.
  [[nodiscard]] bool has(const std::string& probe, std::int64_t step) const;
  [[nodiscard]] const std::vector<TrajectoryPoint>& points() const { return points_; }

  /// Adds /trajectory and /probes to `record`.
  void write_to(Record& record) const;
  /// The state that write_to left in a checkpoint.
  void read_from(const Record& record);

 private:
  /// Rows of one probe: scalars as columns over /probes/NAME/step, details as rows × their own
  /// axis.
  struct ProbeRows {
    std::vector<std::int64_t> steps;
    std::vector<Measurement> measurements;
  };
  RunColumns columns_;
  std::vector<TrajectoryPoint> points_;
  std::map<std::string, Record> earlier_;  // probe rows taken over from a checkpoint
  std::map<std::string, ProbeRows> probes_;
};

}  // namespace thalweg
