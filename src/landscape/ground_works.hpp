#pragma once

#include <memory>
#include <string>
#include <vector>

#include "landscape/audit_plan.hpp"
#include "landscape/connection_plan.hpp"
#include "landscape/ground.hpp"
#include "landscape/surface_plan.hpp"

namespace thalweg {

/// What a study's [[slice]], [[surface]], [[connection]] and [[audit]] tables ask for.
struct GroundPlans {
  std::vector<SlicePlan> slices;
  std::vector<SurfacePlan> surfaces;
  std::vector<ConnectionPlan> connections;
  std::vector<AuditPlan> audits;
};

/// Reads them; `runs` are those that they may name. Local. Throws ConfigurationError.
GroundPlans read_ground_plans(const Settings& settings, const std::vector<RunPlan>& runs,
                              std::uint64_t study_seed);

/// All that a study computes on the ground around its runs.
template <class Real>
class GroundWorks {
 public:
  explicit GroundWorks(const GroundPlans& plans);

  /// Throws ConfigurationError. Local.
  void check(const std::vector<RunPlan>& runs, const DataSet<Real>& data) const;
  /// One after the other; those of runs that diverged are left out with a warning. Collective over
  /// the world.
  RunOutcome make(const Ground<Real>& ground);
  /// On the root, after make: adds to study.h5, writes files of their own, gives lines for a
  /// person.
  void write_to(Record& study) const;
  void write_files(const StudyContext& context) const;
  [[nodiscard]] std::string table() const;
  /// Removes what was kept for a resume. On the root.
  void forget(const std::string& folder) const;

 private:
  std::vector<std::unique_ptr<GroundWork<Real>>> works_;
  std::vector<const GroundWork<Real>*> made_;
};

}  // namespace thalweg
