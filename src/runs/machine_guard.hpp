#pragma once

#include "runs/study.hpp"

namespace thalweg {

/// The same bits need the same machine: build, BLAS and its core type, CPU features. Gathers them
/// from all ranks into the context, and its provenance says what they are. Collective over world.
/// Throws ReportedError (usage) naming hosts and what differs, unless the context insists on mixed
/// machines.
void gather_machines(StudyContext& context);

/// Holds what was gathered against the machine that the study in the folder began on. Where the
/// context insists, both are kept, and the provenance says so. Collective over world. Throws
/// ReportedError (usage).
void hold_machines(StudyContext& context);

}  // namespace thalweg
