#include "studies/study.hpp"

namespace thalweg {

const std::vector<StudyKind>& study_kinds() {
  static const std::vector<StudyKind> kinds{};
  return kinds;
}

}  // namespace thalweg
