#pragma once

#include <string>
#include <vector>

#include "runs/study.hpp"

namespace thalweg {

/// Puts the records of finished studies of runs into one, in the context's output folder: parts of
/// one study ([study] part), or studies that differ in [sweep] seeds alone. The runs are copied,
/// and the study of all of them is resumed there: what it computes from its runs, study.h5 above
/// all, comes from the code that a study in one piece goes through, and the records are the same.
/// Every part is verified first. Collective over the context's world. Throws ReportedError: of a
/// part that is damaged with the code of a failed verification, and of parts that do not belong
/// together or leave runs missing with that of bad input.
ExitCode merge_studies(const std::vector<std::string>& folders, StudyContext& context);

}  // namespace thalweg
