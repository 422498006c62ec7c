#pragma once

#include "runs/study.hpp"

namespace thalweg {

/// The kind "uci": kernels side by side on all sets of a folder in the form of Fernández-Delgado et
/// al. (2014). Kernel ridge regression; for each of a set's four hold-out pairs kernel
/// hyperparameters and ridge are chosen by leave-one-out on the training part (never on the
/// published tuning split, whose samples lie in the test parts too). Sets are dealt out to single
/// ranks; a finished set is kept until the study is whole. Writes study.h5 and prints a table.
/// `prepare` of study_kinds().
StudyBody prepare_uci_study(const Settings& settings, const StudyHeader& header,
                            StudyContext& context);

}  // namespace thalweg
