#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "records/checkpoint_clock.hpp"
#include "runs/run_files.hpp"
#include "studies/completion/completion_problem.hpp"
#include "studies/completion/completion_settings.hpp"
#include "studies/completion/matrix_measure.hpp"
#include "studies/completion/matrix_trajectory.hpp"

namespace thalweg {

/// All that a completion run is made from.
struct CompletionTask {
  const Communicator& team;
  const CompletionSpec& plan;
  const MethodSpec& method;
  const CompletionRun& run;
  const CompletionProblem& problem;
  const RunFiles& files;
  const StudyContext& context;
  const Log& log;
};

/// Keeps the rows of a run of any method, its checkpoints and its record. The team's root measures
/// and writes.
class CompletionRecorder {
 public:
  /// Local. What the task refers to must outlive this.
  explicit CompletionRecorder(const CompletionTask& task);

  [[nodiscard]] MatrixMeasure& measure() { return measure_; }
  /// Rows of the root, of probes. Local.
  [[nodiscard]] ProbeRows& probes() { return probes_; }
  /// Points of the trajectory so far, of the root. Local.
  [[nodiscard]] std::int64_t points() const {
    return static_cast<std::int64_t>(rows_.rows().size());
  }
  [[nodiscard]] bool is_root() const { return task_.team.is_root(); }
  /// Adds a row of the root: what is in it already, and what the matrix tells. Local.
  void add(MatrixRow row, const std::vector<double>& matrix);

  /// What a run is to do next, the team's common answer. Collective.
  enum class Next : int { go_on, save, stop };
  [[nodiscard]] Next next() const;
  /// Writes a checkpoint, the rows and what `add` puts in besides. Collective; `add` is the root's.
  void save(const std::function<void(Record& checkpoint)>& add);
  /// Goes on from the newest whole checkpoint if there is one: reads the rows, and hands it to
  /// `read`, of the root. Collective; the same answer on every rank.
  bool resume(const std::function<void(const Record& checkpoint)>& read);
  /// Writes the run's record, with what `add` puts in besides, and removes its checkpoint.
  /// Collective; `add` and `matrix`, the last one, are the root's.
  void finish(const std::string& status, const std::vector<double>& matrix,
              const std::function<void(Record& record)>& add);

 private:
  [[nodiscard]] double elapsed_s() const { return earlier_s_ + watch_.elapsed_s(); }
  void write_theory(Record& record) const;
  void write_probes(Record& record, const std::string& status) const;

  CompletionTask task_;
  MatrixMeasure measure_;
  MatrixTrajectory rows_;
  ProbeRows probes_;
  double earlier_s_ = 0.0;
  Stopwatch watch_;
  CheckpointClock checkpoints_;
};

/// Status of a run that ended before its target.
inline constexpr const char* kNotReached = "target_not_reached";
inline constexpr const char* kFinished = "finished";

}  // namespace thalweg
