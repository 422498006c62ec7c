#pragma once

#include "studies/study.hpp"

namespace thalweg {

/// The kinds "surface" and "connection": what the tables of that name (and [[slice]] and the other
/// one) ask for, on the runs of `[from] record`, a finished study of trajectories, whose data and
/// networks are used as they were; or without [from] on runs that the study makes itself, as the
/// kind "trajectories" does. Collective over the context's world: the record is read. Throws
/// ConfigurationError and ReportedError.
StudyBody prepare_ground_study(const Settings& settings, const StudyHeader& header,
                               StudyContext& context);

}  // namespace thalweg
