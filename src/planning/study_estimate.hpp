#pragma once

#include <functional>
#include <string>
#include <vector>

#include "planning/workload.hpp"
#include "runs/study.hpp"

namespace thalweg {

/// Bytes of one sort.
struct PlannedBytes {
  std::string name;
  double bytes = 0.0;
};

/// Their sum. Local.
[[nodiscard]] double bytes_of(const std::vector<PlannedBytes>& parts);

/// What a plan is asked for, and what the study may be measured with.
struct PlanRequest {
  const Communicator& self;  ///< this rank alone
  StudyContext& context;     ///< its world measures side by side
  std::int64_t ranks = 1;    ///< that the study is to run on
  double budget_s = 60.0;    ///< for trials of training and probes
  double launch_s = 0.0;     ///< from the launcher's start to the first line of the program
  NetworkModel network;
  std::string scratch;  ///< a folder of this rank's for files that are timed
  Stopwatch watch;

  /// None where the process was told to stop.
  [[nodiscard]] double left_s() const {
    return Interrupt::requested() ? 0.0 : budget_s - watch.elapsed_s();
  }
};

/// A study's work, and what it holds on the planned number of ranks.
struct StudyEstimate {
  Workload work;
  std::vector<PlannedBytes> memory;  ///< of the rank that holds most, the program first; they
                                     ///< add up to its peak
  std::vector<PlannedBytes> disk;    ///< what is left at the end
  std::vector<PlannedBytes> transient_disk;  ///< besides, while it runs
  std::vector<std::string> notes;
  double gemm_flops_s = 0.0;  ///< of one rank, in the study's precision

  void add(const StudyEstimate& other);
};

/// Reads a study of one kind as `run` would, checks it against its data and measures its units.
/// Collective over the context's world. Throws ConfigurationError or ReportedError for all that
/// `run` refuses.
using StudyEstimator = std::function<StudyEstimate(
    const Settings& settings, const StudyHeader& header, PlanRequest& request)>;

/// The estimator of a kind; throws ConfigurationError, naming those there are, for one that has
/// none.
StudyEstimator estimator_of(const Settings& settings, const StudyHeader& header);

}  // namespace thalweg
