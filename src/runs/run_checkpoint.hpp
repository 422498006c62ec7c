#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "optimizers/stepper.hpp"
#include "parallel/vector_space.hpp"
#include "runs/run_record.hpp"

namespace thalweg {

/// How far a run has come, besides what it has measured.
struct RunProgress {
  std::int64_t step = 0;
  std::int64_t samples = 0;
  std::string status;                   ///< empty while it goes on
  std::vector<std::int64_t> snapshots;  ///< steps of which one is written
};

/// All that decides how a run goes on: what a checkpoint holds and a resume restores.
template <class Real>
struct RunParts {
  RunProgress& progress;
  std::vector<Real>& w;             ///< whole on every rank
  std::vector<double>& statistics;  ///< running ones, as many as the run has
  Stepper<Real>& stepper;
  RunRecord& record;  ///< the root's has all rows
};

/// Writes a checkpoint of a run, gathering the optimiser's slices on the root. Collective
/// over the space's team. Throws ReportedError.
template <class Real>
void save_run(const VectorSpace& space, const std::string& file, RunParts<Real> parts,
              double elapsed_s);

/// The root reads the newest whole checkpoint, the others receive; broken ones are passed over with
/// a warning. Returns whether there was one. `earlier_s` becomes, on the root, the wall time it was
/// taken at. Collective.
template <class Real>
bool resume_run(const VectorSpace& space, const std::string& file, RunParts<Real> parts,
                double& earlier_s, const Log& log);

}  // namespace thalweg
