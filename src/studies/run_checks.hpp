#pragma once

#include "data/data_set.hpp"
#include "studies/run_plan.hpp"

namespace thalweg {

/// What a run asks of the data and of its network (layers that fit, enough samples, images to
/// augment, probes that make sense), looked at before anything is trained. Local. Throws
/// ConfigurationError that names the run.
template <class Real>
void check_against_data(const RunPlan& run, const DataSet<Real>& data);

}  // namespace thalweg
