#include "planning/width_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "planning/plan_timing.hpp"
#include "planning/rehearsal.hpp"
#include "planning/study_estimate.hpp"
#include "runs/run_files.hpp"
#include "studies/width/width_settings.hpp"

namespace thalweg {

namespace {

/// Whole runs from the narrowest up while there is time; wider ones by the last two, a part that no
/// net is without and one by its parameters.
template <class Real>
class WidthEstimate {
 public:
  WidthEstimate(const WidthStudySpec& chosen, const StudyHeader& header, PlanRequest& request)
      : chosen_(chosen), header_(header), request_(request) {}

  StudyEstimate make() {
    estimate_.gemm_flops_s = gemm_rate<Real>();
    const double program = program_bytes();
    const Stopwatch preparing;
    const auto data = load_data<Real>(chosen_.data, request_.context.world, request_.self);
    collectively(request_.context.world,
                 [&] { require_few_pairs(data.train, request_.context.study_file); });
    const WidthLimit limit = width_limit(request_.self, chosen_.plan, data);
    WorkUnit prepare;
    prepare.fixed_s = preparing.elapsed_s();
    estimate_.work.stages.push_back(
        {"data and the infinitely wide net",
         WorkStage::Deal::root,
         0,
         {{"data and the infinitely wide net", 0.0, {{"both", 1.0, 1.0, "measured", prepare}}}}});
    const auto runs = width_runs(chosen_.plan);
    const auto costs = width_costs(runs, chosen_.plan, data.train.features());
    rehearse(runs, costs, limit, data);
    WorkStage stage{"runs", WorkStage::Deal::teams, header_.team_size, {}};
    for (std::size_t k = 0; k < runs.size(); ++k) stage.tasks.push_back(task_of(runs[k], costs[k]));
    estimate_.work.stages.push_back(std::move(stage));
    const auto most = *std::max_element(costs.begin(), costs.end());
    const auto count = static_cast<double>(runs.size());
    const auto numbers =
        static_cast<double>((data.train.size() + data.test.size()) * data.train.features() *
                            static_cast<std::int64_t>(sizeof(Real)));
    estimate_.memory = {
        {"program and libraries", program},
        {"samples, one copy a node", numbers},
        {"networks, kernels and their decomposition", std::max(0.0, bytes_.at(most))}};
    estimate_.disk = {{"records of the runs", count * record_bytes_},
                      {"study.h5", count * record_bytes_}};
    return std::move(estimate_);
  }

 private:
  void rehearse(const std::vector<WidthRun>& runs, const std::vector<double>& costs,
                const WidthLimit& limit, const DataSet<Real>& data) {
    std::map<double, std::size_t> by_cost;
    for (std::size_t k = 0; k < runs.size(); ++k) by_cost.try_emplace(costs[k], k);
    for (const auto& [cost, k] : by_cost) {
      const bool enough = seconds_.size() > 1;
      if (enough && seconds_law_.at(cost) > std::max(0.0, request_.left_s())) return;
      const WidthRun& run = runs[k];
      const RunFiles files{request_.scratch + "/width.h5", request_.scratch + "/checkpoint.h5"};
      const Log silent = Log::silent();
      const Rehearsal took = rehearsed([&] {
        static_cast<void>(run_width(request_.self, chosen_.plan, run, limit, data, files,
                                    request_.context, silent));
      });
      record_bytes_ = std::max(record_bytes_, file_bytes(files.record));
      seconds_[run.width] = took.seconds;
      follow(seconds_law_, cost, took.seconds);
      follow(bytes_, cost, took.bytes);
    }
  }

  /// A further, larger size.
  static void follow(GrowthLaw& law, double size, double found) {
    law = {law.large_size, law.large, size, found, 0.0, 1.0};
  }

  WorkTask task_of(const WidthRun& run, double cost) const {
    WorkUnit unit;
    const auto known = seconds_.find(run.width);
    const bool measured = known != seconds_.end();
    const double seconds = measured ? known->second : seconds_law_.at(cost);
    // What comes with the parameters is spread over a team.
    unit.fixed_s = std::min(seconds, seconds_law_.at(0.0));
    unit.shared_s = seconds - unit.fixed_s;
    return {run.name,
            cost,
            {{fmt::format("runs of width {}", run.width), 1.0, 1.0,
              measured ? "measured" : "from narrower ones, by parameters", unit}}};
  }

  const WidthStudySpec& chosen_;
  const StudyHeader& header_;
  PlanRequest& request_;
  StudyEstimate estimate_;
  std::map<std::int64_t, double> seconds_;  ///< by width
  GrowthLaw seconds_law_;
  GrowthLaw bytes_;
  double record_bytes_ = 0.0;
};

}  // namespace

StudyEstimate estimate_width(const Settings& settings, const StudyHeader& header,
                             PlanRequest& request) {
  WidthStudySpec chosen;
  collectively(request.context.world, [&] {
    chosen = read_width_study(settings, header, static_cast<int>(request.ranks));
    settings.reject_unknown();
  });
  return chosen.wide ? WidthEstimate<double>(chosen, header, request).make()
                     : WidthEstimate<float>(chosen, header, request).make();
}

}  // namespace thalweg
