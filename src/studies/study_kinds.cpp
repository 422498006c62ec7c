#include "studies/kernel_study.hpp"
#include "studies/study.hpp"
#include "studies/trajectory_study.hpp"

namespace thalweg {

const std::vector<StudyKind>& study_kinds() {
  static const std::vector<StudyKind> kinds{
      {"trajectories", "runs side by side, probes on them, slices between their minima",
       prepare_trajectory_study},
      {"kernel", "kernel ridge regression with an infinitely wide network: study.h5 and gram.h5",
       prepare_kernel_study},
  };
  return kinds;
}

}  // namespace thalweg
