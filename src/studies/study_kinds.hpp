#pragma once

#include <vector>

#include "runs/study.hpp"

namespace thalweg {

/// The table of kinds: a further kind is a further row.
const std::vector<StudyKind>& study_kinds();

/// `run_study` with all kinds. Collective over the context's world.
ExitCode run_study(const Settings& settings, StudyContext& context);

}  // namespace thalweg
