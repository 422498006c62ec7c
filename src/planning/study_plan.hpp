#pragma once

#include <string>
#include <vector>

#include "planning/forecast.hpp"
#include "planning/site.hpp"
#include "planning/study_estimate.hpp"

namespace thalweg {

/// What is added to a forecast before it is asked of a scheduler: time by half (a shared machine, a
/// target that comes late), memory by a fifth.
inline constexpr double kTimeMargin = 1.5;
inline constexpr double kMemoryMargin = 1.2;

/// A study as it will go on so many ranks.
struct StudyPlan {
  std::string name;
  std::string kind;
  std::string file;
  std::int64_t ranks = 1;
  std::int64_t measured_on = 1;  ///< ranks that measured side by side
  std::int64_t nodes = 1;
  std::string data;
  Forecast forecast;
  StudyEstimate estimate;
  NetworkModel network;
  std::vector<ScalingRow> scaling;
  double calibration_s = 0.0;

  [[nodiscard]] double memory_bytes() const;  ///< of the rank that holds most
  [[nodiscard]] double disk_bytes() const;    ///< with what is there only while it runs
};

/// Reads, checks and measures a study. `request` says on how many ranks it is to run; what ranks of
/// a node exchange through memory is measured first where there are several. Collective over the
/// context's world. Throws as `run` would.
StudyPlan plan_study(const Settings& settings, PlanRequest& request, const Site& site);

/// For a person. Local.
[[nodiscard]] std::string plan_text(const StudyPlan& plan);

}  // namespace thalweg
