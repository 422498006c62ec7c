#include "planning/uci_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "data/uci_set.hpp"
#include "planning/plan_timing.hpp"
#include "planning/rehearsal.hpp"
#include "planning/study_estimate.hpp"
#include "records/checkpoint.hpp"
#include "studies/uci/uci_settings.hpp"

namespace thalweg {

namespace {

/// Sets as the study evaluates them, from the smallest up while there is time; the others by the
/// last two, n³ for decompositions and n² for matrices.
class UciEstimate {
 public:
  UciEstimate(const UciSpec& plan, PlanRequest& request) : plan_(plan), request_(request) {}

  StudyEstimate make() {
    estimate_.gemm_flops_s = gemm_rate<double>();
    const double program = program_bytes();
    const Stopwatch finding;
    auto sets = find_uci_sets(plan_, request_.context);
    WorkUnit find;
    find.fixed_s = finding.elapsed_s();
    estimate_.work.stages.push_back(
        {"finding the sets",
         WorkStage::Deal::root,
         0,
         {{"finding the sets", 0.0, {{"finding the sets", 1.0, 1.0, "measured", find}}}}});
    std::stable_sort(sets.begin(), sets.end(),
                     [](const auto& a, const auto& b) { return a.samples < b.samples; });
    rehearse(sets);
    WorkStage stage{"sets", WorkStage::Deal::teams, 1, {}};
    for (const auto& set : sets) stage.tasks.push_back(task_of(set));
    estimate_.work.stages.push_back(std::move(stage));
    const auto largest = static_cast<double>(sets.back().samples);
    const double grown = std::max(1.0, largest / bytes_samples_);
    estimate_.memory = {{"program and libraries", program},
                        {"samples, matrices and decomposition", bytes_ * grown * grown}};
    const auto count = static_cast<double>(sets.size());
    estimate_.disk.push_back({"study.h5", count * record_bytes_});
    estimate_.transient_disk.push_back({"finished sets", count * record_bytes_});
    return std::move(estimate_);
  }

 private:
  void rehearse(const std::vector<SetSize>& sets) {
    constexpr std::size_t least = 3;
    for (const auto& set : sets) {
      if (seconds_.size() >= least && law_.at(static_cast<double>(set.samples)) > request_.left_s())
        return;
      measure(set);
    }
  }

  void measure(const SetSize& named) {
    const UciSet set = read_uci_set(plan_.path + "/" + named.name);
    std::optional<UciResult> result;
    const Rehearsal took = rehearsed([&] {
      result = evaluate_uci_set(set, plan_.families, plan_.protocol, [] { return false; });
    });
    seconds_[named.name] = took.seconds;
    const auto samples = static_cast<double>(named.samples);
    if (samples > law_.large_size) {
      law_.small_size = law_.large_size;
      law_.small = law_.large;
      law_.large_size = samples;
    }
    law_.large = took.seconds;
    if (took.bytes >= bytes_) {
      bytes_ = took.bytes;
      bytes_samples_ = samples;
    }
    const std::string file = request_.scratch + "/set.h5";
    write_checkpoint(file, uci_checkpoint(*result));
    record_bytes_ = std::max(record_bytes_, file_bytes(file));
  }

  WorkTask task_of(const SetSize& set) const {
    WorkUnit unit;
    const auto known = seconds_.find(set.name);
    const bool measured = known != seconds_.end();
    const auto samples = static_cast<double>(set.samples);
    unit.fixed_s = measured ? known->second : law_.at(samples);
    return {
        set.name,
        samples * samples * samples,
        {{"sets", 1.0, 1.0, measured ? "measured" : "from smaller sets, by n^3 and n^2", unit}}};
  }

  const UciSpec& plan_;
  PlanRequest& request_;
  StudyEstimate estimate_;
  std::map<std::string, double> seconds_;
  GrowthLaw law_;
  double bytes_ = 0.0;
  double bytes_samples_ = 1.0;
  double record_bytes_ = 0.0;
};

}  // namespace

StudyEstimate estimate_uci(const Settings& settings, const StudyHeader& header,
                           PlanRequest& request) {
  UciSpec plan;
  collectively(request.context.world, [&] {
    plan = read_uci_spec(settings, header);
    settings.reject_unknown();
  });
  return UciEstimate(plan, request).make();
}

}  // namespace thalweg
