#pragma once

#include <string>
#include <vector>

#include "planning/study_plan.hpp"

namespace thalweg {

/// All numbers of plans, seconds and bytes, as JSON: an array with an object a study. Local.
std::string plan_json(const std::vector<StudyPlan>& plans);

}  // namespace thalweg
