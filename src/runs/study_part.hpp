#pragma once

#include <cstdint>
#include <vector>

#include "runs/run_settings.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// [study] part = "2/6": the second of six parts in which the runs of a study are made, by the
/// tasks of a job array say; `thalweg merge` puts them together.
struct StudyPart {
  std::int64_t index = 1;  ///< from 1
  std::int64_t count = 1;

  [[nodiscard]] bool is_whole() const { return count == 1; }
  /// The runs of this part: every count-th, so that each part has runs of as many groups as can be.
  [[nodiscard]] std::vector<RunSpec> of(const std::vector<RunSpec>& runs) const;
};

/// Reads [study] part; the whole of it where there is none. A study has `runs` runs. Local. Throws
/// ConfigurationError.
StudyPart read_study_part(const Settings& settings, std::size_t runs);

}  // namespace thalweg
