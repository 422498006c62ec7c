#pragma once

#include "data/data_set.hpp"
#include "runs/study.hpp"

namespace thalweg {

/// The data of a study, held against those it began with: the only way in which a study that makes
/// a record loads any. What is noticed goes to `log`. Collective over the context's world, as
/// load_data. Throws ReportedError.
template <class Real>
DataSet<Real> load_study_data(const DataOptions& options, const StudyContext& context,
                              const Communicator& team, const Log& log);

}  // namespace thalweg
