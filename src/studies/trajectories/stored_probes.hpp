#pragma once

#include <string>
#include <vector>

#include "runs/study.hpp"

namespace thalweg {

/// What is to be measured more at the stored points of a study.
struct ProbeRequest {
  std::string folder;               ///< the study's
  std::vector<std::string> probes;  ///< see read_asked_probe
  std::vector<std::string> runs;    ///< names; empty: all
  std::string at = "final";         ///< final, a step, or all: the snapshots and the final point
};

/// Measures, and writes a file RUN-PROBE.h5 a run and probe into the context's output folder
/// (empty: `probes` in the study's), each whole or not at all and never changed: a file that is
/// there is an error, or with `resume` kept if it answers the same question, or with `force`
/// replaced. Runs are dealt out to teams. What a probe measures at a run's end has the bits that it
/// would have had in the run. Collective over world. Throws ReportedError.
ExitCode probe_record(const ProbeRequest& request, StudyContext& context);

}  // namespace thalweg
