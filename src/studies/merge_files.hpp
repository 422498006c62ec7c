#pragma once

#include <string>

#include "runs/recorded_study.hpp"

namespace thalweg {

/// Copies a run with its snapshots, and with what was measured at its points later, from one
/// study's folder into another, where it is called `new_name`: same bytes under the same name.
/// Local. Throws Error.
void copy_run(const std::string& from, const std::string& name, const std::string& to,
              const std::string& new_name);

/// Copies the trials of a study's [tune]. Where `to` has one already it must hold the same, else
/// Error with the code of a failed verification: each part makes the trials of its groups. Local.
void copy_trials(const RecordedStudy& study, const std::string& to);

}  // namespace thalweg
