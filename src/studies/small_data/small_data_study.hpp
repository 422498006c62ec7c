#pragma once

#include "runs/study.hpp"

namespace thalweg {

/// The kind "small_data": kernel regression on small training sets drawn from one pool (the
/// training half of [data]), as in Arora et al. 2020 (1910.01663) on CIFAR-10. [small_data] sizes,
/// draws, ridges; [kernel], or one [[run]] a kernel. Each kernel's matrices over pool and test set
/// are computed once (runs/NAME/gram.h5, cross.h5); sets of one draw are nested and balanced by
/// class; the ridge is chosen by leave-one-out on the training set. Writes study.h5, prints a
/// table. `prepare` of study_kinds().
StudyBody prepare_small_data_study(const Settings& settings, const StudyHeader& header,
                                   StudyContext& context);

}  // namespace thalweg
