#pragma once

#include "landscape/landscape_works.hpp"
#include "runs/recorded_study.hpp"
#include "runs/study.hpp"

namespace thalweg {

/// Throws ConfigurationError where a kind "surface" has no [[surface]], a kind "connection" no
/// [[connection]]. Local.
void require_landscape_table(const Settings& settings, const StudyHeader& header);

/// What a study with [from] stands on.
struct LandscapeSource {
  RecordedStudy study;
  LandscapeSpecs plans;
};

/// Reads [from] and the tables of a study that has it. Collective over the context's world. Throws
/// ConfigurationError and ReportedError.
LandscapeSource read_landscape_source(const Settings& settings, const StudyHeader& header,
                                      const StudyContext& context);

/// The kinds "surface" and "connection": what the tables of that name (and [[slice]] and the other
/// one) ask for, on the runs of `[from] record`, a finished study of trajectories, whose data and
/// networks are used as they were; or without [from] on runs that the study makes itself, as the
/// kind "trajectories" does. Collective over the context's world: the record is read. Throws
/// ConfigurationError and ReportedError.
StudyBody prepare_landscape_study(const Settings& settings, const StudyHeader& header,
                                  StudyContext& context);

}  // namespace thalweg
