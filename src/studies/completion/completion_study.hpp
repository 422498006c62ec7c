#pragma once

#include "runs/study.hpp"

namespace thalweg {

/// The kind "completion": every [[method]] on every instance of a matrix, deep factorisations with
/// an optimiser or by gradient flow beside the nuclear norm and other rules. Local; the body is
/// collective over the context's world.
StudyBody prepare_completion_study(const Settings& settings, const StudyHeader& header,
                                   StudyContext& context);

}  // namespace thalweg
