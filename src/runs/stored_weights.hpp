#pragma once

#include <string>

#include "runs/study.hpp"

namespace thalweg {

/// A point of a run that is to be written for other programs.
struct WeightsRequest {
  std::string folder;  ///< the study's
  std::string run;
  std::string at = "final";  ///< or the step of a snapshot
  std::string file;          ///< to be written: .npz
  bool force = false;        ///< a file that is there is replaced
};

/// Writes the parameters and running statistics of a run's stored point as a file of arrays (see
/// named_weights), which [train] initial reads back bit for bit. Collective over world. Throws
/// ReportedError.
ExitCode write_weights(const WeightsRequest& request, const Communicator& world, const Log& log);

}  // namespace thalweg
