#pragma once

#include "base/log.hpp"
#include "data/data_set.hpp"
#include "runs/run_files.hpp"
#include "runs/run_settings.hpp"
#include "runs/study.hpp"

namespace thalweg {

/// Makes one trajectory on a team and writes its record; takes up the newest whole checkpoint if
/// there is one. Steps, evaluations and probes have the same bits on any number of ranks. An
/// interrupt or the time limit, agreed over the team between steps, leaves a checkpoint. A run
/// whose loss stops being finite ends with status "diverged". Collective over `team`.
template <class Real>
RunOutcome run_trajectory(const Communicator& team, const RunSpec& plan, const DataSet<Real>& data,
                          const RunFiles& files, const StudyContext& context, const Log& log);

/// The same of an objective that needs no data: the run's [objective].
RunOutcome run_trajectory(const Communicator& team, const RunSpec& plan, const RunFiles& files,
                          const StudyContext& context, const Log& log);

}  // namespace thalweg
