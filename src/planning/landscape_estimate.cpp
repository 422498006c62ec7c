#include "planning/landscape_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <tuple>

#include "landscape/curve_training.hpp"
#include "models/weight_matching.hpp"
#include "planning/plan_timing.hpp"
#include "planning/trajectory_estimate.hpp"
#include "probes/top_eigenpairs.hpp"
#include "records/journal.hpp"
#include "studies/trajectories/landscape_study.hpp"

namespace thalweg {

namespace {

/// Both in one unit, dealt out as the first is.
WorkUnit joined(WorkUnit first, const WorkUnit& second) {
  first.fixed_s += second.fixed_s;
  first.shared_s += second.shared_s;
  first.item_s += second.item_s * static_cast<double>(second.items) /
                  static_cast<double>(std::max<std::int64_t>(first.items, 1));
  first.flops += second.flops;
  first.bytes_moved += second.bytes_moved;
  first.exchanges.insert(first.exchanges.end(), second.exchanges.begin(), second.exchanges.end());
  return first;
}

template <class Real>
class LandscapeEstimate {
 public:
  LandscapeEstimate(const LandscapeInput& input, const DataSet<Real>& data,
                    const PlanRequest& request, ProbeTrials& trials, StudyEstimate& estimate)
      : input_(input), data_(data), request_(request), trials_(trials), estimate_(estimate) {}

  void make() {
    for (const auto& plan : input_.plans.slices) {
      const RunSpec& run = run_named(input_.runs, plan.from);
      add_points("slice " + plan.name, plan.points, point(run, true, 0));
    }
    for (const auto& plan : input_.plans.surfaces) add_surface(plan);
    for (const auto& plan : input_.plans.connections) add_connection(plan);
    for (const auto& plan : input_.plans.audits) add_audit(plan);
    if (points_ > 0) {
      estimate_.disk.push_back({"values at points", 4.0 * 8.0 * static_cast<double>(points_)});
    }
  }

 private:
  NetworkCalibration<Real>& measured(const RunSpec& run) {
    auto& entry = measured_[run.group];
    if (!entry) {
      entry = std::make_unique<NetworkCalibration<Real>>(request_.self, run, data_);
      static_cast<void>(entry->train(std::clamp(0.1 * request_.left_s(), 0.0, 1.0)));
    }
    return *entry;
  }

  std::int64_t training_of(const RunSpec& run, std::int64_t samples) {
    const std::int64_t most = measured(run).training_samples();
    return samples > 0 ? std::min(samples, most) : most;
  }

  /// Losses and accuracies on both sets at a point that no step has visited.
  const WorkUnit& point(const RunSpec& run, bool reestimated, std::int64_t samples) {
    const std::int64_t training = training_of(run, samples);
    const auto [at, is_new] = point_units_.try_emplace({run.group, reestimated, training});
    if (!is_new) return at->second;
    auto& network = measured(run);
    const WorkUnit train =
        reestimated ? network.reestimation(training) : network.evaluation(Half::train, training);
    at->second = joined(train, network.evaluation(Half::test, data_.test.size()));
    std::vector<Real> w(network.point().size());
    const auto from = network.point();
    WorkUnit around;
    around.fixed_s = seconds_of([&] {
      for (std::size_t i = 0; i < w.size(); ++i) {
        w[i] = static_cast<Real>(0.25 * static_cast<double>(from[i]) + 0.75);
      }
    });
    Journal journal(request_.scratch + "/points", 4);
    around.fixed_s += seconds_of([&] { journal.append({0, {0.0, 0.0, 0.0, 0.0}}); });
    at->second = joined(at->second, around);
    return at->second;
  }

  void add_points(const std::string& name, std::int64_t points, const WorkUnit& unit) {
    points_ += points;
    WorkPiece piece{name + ": points", static_cast<double>(points), static_cast<double>(points),
                    "as many", unit};
    estimate_.work.stages.push_back({name,
                                     WorkStage::Deal::points,
                                     std::max<std::int64_t>(input_.team_size, 1),
                                     {{name, 0.0, {std::move(piece)}}}});
  }

  /// What all ranks make together, or every team the same where it holds the samples together.
  void add_together(const std::string& name, std::vector<WorkPiece> pieces) {
    const bool sharded = input_.placement == Placement::sharded;
    WorkStage stage{name, WorkStage::Deal::together, 0, {{name, 0.0, std::move(pieces)}}};
    if (sharded) {
      stage.deal = WorkStage::Deal::teams;
      stage.team_size = std::max<std::int64_t>(input_.team_size, 1);
    }
    estimate_.work.stages.push_back(std::move(stage));
  }

  void add_surface(const SurfaceSpec& plan) {
    const RunSpec& run = run_named(input_.runs, plan.run);
    const std::string name = "surface " + plan.name;
    if (plan.axes == SurfaceAxes::eigenvectors) {
      LanczosOptions options;
      options.max_iterations = plan.iterations;
      options.tolerance = plan.tolerance;
      options.seed = plan.seed;
      options.largest = plan.is_line() ? 1 : 2;
      options.smallest = 0;
      ProbeSpec probe;
      probe.name = name;
      probe.probe = std::make_shared<TopEigenpairs>(options);
      probe.samples = training_of(run, plan.samples);
      probe.statistics = plan.reestimated ? Statistics::batch : Statistics::frozen;
      constexpr double most_s = 2.0;
      const ProbeTrial trial = measured(run).try_probe(probe, most_s);
      hold(run, probe, trial);
      add_together(name + ": axes", {{name + ": eigenvectors", 1.0, 1.0, counts_text(trial),
                                      measured(run).answer(probe, trial)}});
    }
    add_points(name, plan.nx * plan.ny, point(run, plan.reestimated, plan.samples));
  }

  /// Where all ranks together hold more for this than a team does for a run. The estimate's first
  /// two parts, program and samples, are there in both cases.
  void hold(const RunSpec& run, const ProbeSpec& probe, const ProbeTrial& trial) {
    RunSpec asked = run;
    asked.probes = {probe};
    NetworkCalibration<Real> network(request_.self, asked, data_);
    const std::int64_t team = input_.placement == Placement::sharded
                                  ? std::max<std::int64_t>(input_.team_size, 1)
                                  : request_.ranks;
    std::vector<PlannedBytes> parts(estimate_.memory.begin(), estimate_.memory.begin() + 2);
    const auto held =
        run_memory(network, data_, {{probe.name, trial}}, team, request_.network.is_one_node(team));
    parts.insert(parts.end(), held.begin(), held.end());
    if (bytes_of(parts) > bytes_of(estimate_.memory)) estimate_.memory = std::move(parts);
  }

  void add_connection(const ConnectionSpec& plan) {
    const RunSpec& run = run_named(input_.runs, plan.from);
    auto& network = measured(run);
    const std::string name = "path " + plan.name;
    const std::vector<Real> from(network.point().begin(), network.point().end());
    std::vector<WorkPiece> pieces;
    if (plan.aligned) {
      auto to = from;
      const auto units = hidden_units(network.objective().parameter_blocks());
      shuffle_units<Real>(to, units, plan.seed);
      WorkUnit unit;
      const Stopwatch watch;
      match_weights<Real>(from, to, units, plan.seed);
      unit.fixed_s = watch.elapsed_s();
      pieces.push_back({name + ": weight matching", 1.0, 1.0, "on a shuffled copy", unit});
    }
    if (plan.bends > 0) {
      const RunSpec training = as_run(plan, run);
      const auto steps = static_cast<double>(schedule_of(training, data_.train.size()).steps());
      pieces.push_back(
          {name + ": training steps", steps, steps, "schedule", curve_step(plan, training, from)});
    }
    if (!pieces.empty()) add_together(name + ": curve", std::move(pieces));
    add_points(name, plan.points, point(run, true, 0));
  }

  /// A training step of the network, and what the curve takes besides: the point, the control
  /// points' gradient and their step.
  WorkUnit curve_step(const ConnectionSpec& plan, const RunSpec& training,
                      const std::vector<Real>& from) {
    NetworkCalibration<Real> network(request_.self, training, data_);
    WorkUnit unit = network.step();
    CurveObjective<Real> curve(network.objective(), plan.curve, plan.bends, from, from);
    auto controls = curve.straight();
    Stepper<Real> stepper(curve.space(), {}, plan.training.optimizer);
    unit.shared_s = seconds_of([&] {
      stepper.step(std::span<Real>(controls), 0.0,
                   [&](std::span<const Real> x, std::span<Real> slice) {
                     return curve.gradient_at(
                         x, 0.3,
                         [&](std::span<const Real> w, std::span<Real> inner) {
                           std::copy(w.begin(), w.end(), inner.begin());
                           return 1.0;
                         },
                         slice);
                   });
    });
    for (auto& exchange : unit.exchanges) {
      if (exchange.kind == Exchange::Kind::gather)
        exchange.bytes *= static_cast<double>(plan.bends);
    }
    return unit;
  }

  void add_audit(const AuditSpec& plan) {
    const RunSpec& run = run_named(input_.runs, plan.run);
    auto& network = measured(run);
    const auto factors = static_cast<double>(plan.factors.size());
    const std::string name = "audit " + plan.name;
    const std::int64_t training = network.training_samples();
    std::vector<WorkPiece> pieces{{name + ": losses", factors + 1.0, factors + 1.0, "factors",
                                   network.reestimation(training)},
                                  {name + ": outputs", factors + 1.0, factors + 1.0, "factors",
                                   network.all_outputs(training)}};
    for (const auto& probe : run.probes) {
      if (!trials_.contains(probe.name)) {
        constexpr double most_s = 1.0;
        trials_[probe.name] = network.try_probe(probe, most_s);
      }
      pieces.push_back({name + ": probe " + probe.name, factors, factors,
                        counts_text(trials_.at(probe.name)),
                        network.answer(probe, trials_.at(probe.name))});
    }
    add_together(name, std::move(pieces));
  }

  using PointKey = std::tuple<std::string, bool, std::int64_t>;
  const LandscapeInput& input_;
  const DataSet<Real>& data_;
  const PlanRequest& request_;
  ProbeTrials& trials_;
  StudyEstimate& estimate_;
  std::map<std::string, std::unique_ptr<NetworkCalibration<Real>>> measured_;  // by group
  std::map<PointKey, WorkUnit> point_units_;
  std::int64_t points_ = 0;
};

template <class Real>
StudyEstimate estimate_recorded(const LandscapeSource& landscape, const StudyHeader& header,
                                PlanRequest& request) {
  StudyEstimate estimate;
  // After products: BLAS touches its work space in the first.
  estimate.work.grows = true;
  estimate.gemm_flops_s = gemm_rate<Real>();
  const double program = program_bytes();
  const Stopwatch loading;
  const Communicator& world = request.context.world;
  const DataSet<Real> data = load_recorded_data<Real>(landscape.study, world, request.self);
  WorkUnit load;
  load.fixed_s = loading.elapsed_s();
  const double loading_peak = status_bytes("VmHWM");
  const LandscapeWorks<Real> works(landscape.plans);
  collectively(world, [&] { works.check(landscape.study.runs, data); });
  estimate.work.stages.push_back({"loading the data",
                                  WorkStage::Deal::root,
                                  0,
                                  {{"loading", 0.0, {{"loading", 1.0, 1.0, "measured", load}}}}});
  ProbeTrials trials;
  const bool apart = landscape.study.data.placement == Placement::node;
  const std::int64_t team =
      header.team_size == 0 && !apart ? request.ranks : std::max<std::int64_t>(header.team_size, 1);
  NetworkCalibration<Real> network(request.self, landscape.study.runs.front(), data);
  auto parts = base_memory(data, program, landscape.study.data.placement, team);
  const auto held = run_memory(network, data, trials, team, request.network.is_one_node(team));
  parts.insert(parts.end(), held.begin(), held.end());
  if (loading_peak > bytes_of(parts)) {
    parts.push_back({"more while the data are loaded", loading_peak - bytes_of(parts)});
  }
  estimate.memory = std::move(parts);
  add_landscape_estimate<Real>(
      {landscape.plans, landscape.study.runs, landscape.study.data.placement, team}, data, request,
      trials, estimate);
  return estimate;
}

}  // namespace

template <class Real>
void add_landscape_estimate(const LandscapeInput& input, const DataSet<Real>& data,
                            const PlanRequest& request, ProbeTrials& trials,
                            StudyEstimate& estimate) {
  LandscapeEstimate<Real>(input, data, request, trials, estimate).make();
}

StudyEstimate estimate_landscape(const Settings& settings, const StudyHeader& header,
                                 PlanRequest& request) {
  LandscapeSource landscape;
  collectively(request.context.world, [&] {
    require_landscape_table(settings, header);
    if (!settings.has("from")) return;
    landscape = read_landscape_source(settings, header, request.context);
    settings.reject_unknown();
  });
  if (!settings.has("from")) return estimate_trajectories(settings, header, request);
  return landscape.study.wide ? estimate_recorded<double>(landscape, header, request)
                              : estimate_recorded<float>(landscape, header, request);
}

template void add_landscape_estimate(const LandscapeInput&, const DataSet<float>&,
                                     const PlanRequest&, ProbeTrials&, StudyEstimate&);
template void add_landscape_estimate(const LandscapeInput&, const DataSet<double>&,
                                     const PlanRequest&, ProbeTrials&, StudyEstimate&);

}  // namespace thalweg
