#include "studies/study.hpp"
#include "studies/trajectory_study.hpp"

namespace thalweg {

const std::vector<StudyKind>& study_kinds() {
  static const std::vector<StudyKind> kinds{
      {"trajectories", "runs side by side, probes on them, slices between their minima", prepare_trajectory_study},
  };
  return kinds;
}

}  // namespace thalweg
