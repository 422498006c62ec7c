#include "landscape/landscape_works.hpp"

#include <fmt/format.h>

#include "base/freed_memory.hpp"
#include "landscape/audit.hpp"
#include "landscape/connection.hpp"
#include "landscape/slice.hpp"
#include "landscape/surface.hpp"
#include "records/masked_column.hpp"

namespace thalweg {

LandscapeSpecs read_landscape_specs(const Settings& settings, const std::vector<RunSpec>& runs,
                                    std::uint64_t study_seed) {
  return {read_slice_specs(settings, runs), read_surface_specs(settings, runs, study_seed),
          read_connection_specs(settings, runs, study_seed), read_audit_specs(settings, runs)};
}

template <class Real>
LandscapeWorks<Real>::LandscapeWorks(const LandscapeSpecs& plans) {
  for (const auto& plan : plans.slices) works_.push_back(make_slice<Real>(plan));
  for (const auto& plan : plans.surfaces) works_.push_back(make_surface<Real>(plan));
  for (const auto& plan : plans.connections) works_.push_back(make_connection<Real>(plan));
  for (const auto& plan : plans.audits) works_.push_back(make_audit<Real>(plan));
}

template <class Real>
void LandscapeWorks<Real>::check(const std::vector<RunSpec>& runs,
                                 const DataSet<Real>& data) const {
  for (const auto& work : works_) work->check(runs, data);
}

template <class Real>
RunOutcome LandscapeWorks<Real>::make(const Landscape<Real>& landscape) {
  const Communicator& world = landscape.context.world;
  for (const auto& work : works_) {
    std::string diverged;
    for (const auto& run : work->runs()) {
      if (has_diverged(landscape, run)) diverged = run;
    }
    if (!diverged.empty()) {
      if (world.is_root()) {
        landscape.context.log.warn(
            fmt::format("{}: left out, run {} diverged", work->title(), diverged));
      }
      continue;
    }
    if (world.is_root()) landscape.context.log.info(work->title());
    if (work->make(landscape) == RunOutcome::interrupted) return RunOutcome::interrupted;
    give_back_freed_memory();
    made_.push_back(work.get());
    if (world.any(landscape.context.time_to_stop())) return RunOutcome::interrupted;
  }
  return RunOutcome::done;
}

template <class Real>
void LandscapeWorks<Real>::write_to(Record& study) const {
  for (const auto* work : made_) work->write_to(study);
  // A loss far from all minima may overflow, a measure have no value.
  for (const char* group : {"/slices/", "/surfaces/", "/connections/", "/audits/"}) {
    mask_missing(study, group);
  }
}

template <class Real>
void LandscapeWorks<Real>::write_files(const StudyContext& context) const {
  for (const auto* work : made_) work->write_files(context);
}

template <class Real>
std::string LandscapeWorks<Real>::table() const {
  std::string text;
  for (const auto* work : made_) text += work->table();
  return text;
}

template <class Real>
void LandscapeWorks<Real>::forget(const std::string& folder) const {
  for (const auto* work : made_) work->forget(folder);
}

template class LandscapeWorks<float>;
template class LandscapeWorks<double>;

}  // namespace thalweg
