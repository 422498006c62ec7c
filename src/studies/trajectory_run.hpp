#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "data/data_set.hpp"
#include "objectives/network_loss.hpp"
#include "studies/run_files.hpp"
#include "studies/run_plan.hpp"
#include "studies/study.hpp"

namespace thalweg {

/// Makes one trajectory on a team and writes its record; takes up the newest whole checkpoint if
/// there is one. Steps, evaluations and probes have the same bits on any number of ranks. An
/// interrupt or the time limit, agreed over the team between steps, leaves a checkpoint. A run
/// whose loss stops being finite ends with status "diverged". Collective over `team`.
template <class Real>
RunOutcome run_trajectory(const Communicator& team, const RunPlan& plan, const DataSet<Real>& data,
                          const RunFiles& files, const StudyContext& context, const Log& log);

/// The training samples that a run takes its steps on, in the form objectives understand: empty
/// where they are all of them. Local.
std::vector<std::int64_t> training_subset(const TrainOptions& train, std::int64_t samples);

/// The training samples held out. Local.
std::vector<std::int64_t> validation_subset(const TrainOptions& train, std::int64_t samples);

/// The network that a run trains. Local. Throws ConfigurationError where its layers do not fit
/// the data.
template <class Real>
Network<Real> network_of(const RunPlan& plan, const DataSet<Real>& data);

/// A network loss as a run's plan describes it, on the labels that the plan gives the training
/// samples.
template <class Real>
std::unique_ptr<NetworkLoss<Real>> make_network_loss(const Communicator& team, const RunPlan& plan,
                                                     const DataSet<Real>& data);

}  // namespace thalweg
