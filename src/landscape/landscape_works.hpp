#pragma once

#include <memory>
#include <string>
#include <vector>

#include "landscape/audit_settings.hpp"
#include "landscape/connection_settings.hpp"
#include "landscape/landscape_work.hpp"
#include "landscape/slice_settings.hpp"
#include "landscape/surface_settings.hpp"

namespace thalweg {

/// What a study's [[slice]], [[surface]], [[connection]] and [[audit]] tables ask for.
struct LandscapeSpecs {
  std::vector<SliceSpec> slices;
  std::vector<SurfaceSpec> surfaces;
  std::vector<ConnectionSpec> connections;
  std::vector<AuditSpec> audits;
};

/// Reads them; `runs` are those that they may name. Local. Throws ConfigurationError.
LandscapeSpecs read_landscape_specs(const Settings& settings, const std::vector<RunSpec>& runs,
                                    std::uint64_t study_seed);

/// All that a study computes on the landscape around its runs.
template <class Real>
class LandscapeWorks {
 public:
  explicit LandscapeWorks(const LandscapeSpecs& plans);

  /// Throws ConfigurationError. Local.
  void check(const std::vector<RunSpec>& runs, const DataSet<Real>& data) const;
  /// One after the other; those of runs that diverged are left out with a warning. Collective over
  /// the world.
  RunOutcome make(const Landscape<Real>& landscape);
  /// On the root, after make: adds to study.h5, writes files of their own, gives lines for a
  /// person.
  void write_to(Record& study) const;
  void write_files(const StudyContext& context) const;
  [[nodiscard]] std::string table() const;
  /// Removes what was kept for a resume. On the root.
  void forget(const std::string& folder) const;

 private:
  std::vector<std::unique_ptr<LandscapeWork<Real>>> works_;
  std::vector<const LandscapeWork<Real>*> made_;
};

}  // namespace thalweg
