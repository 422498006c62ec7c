#include "planning/study_plan.hpp"

#include <algorithm>
#include <filesystem>

#include "parallel/node_stage.hpp"
#include "parallel/vector_space.hpp"
#include "planning/completion_estimate.hpp"
#include "planning/kernel_estimate.hpp"
#include "planning/landscape_estimate.hpp"
#include "planning/plan_timing.hpp"
#include "planning/small_data_estimate.hpp"
#include "planning/trajectory_estimate.hpp"
#include "planning/uci_estimate.hpp"
#include "planning/width_estimate.hpp"

namespace thalweg {

namespace {

constexpr std::int64_t kMostRanks = 4096;

/// α and β between the ranks of this node, from small and large gatherings. Collective.
void measure_node(const Communicator& world, NetworkModel& network) {
  if (world.size() == 1) return;
  constexpr std::int64_t large = std::int64_t{1} << 19;
  constexpr int repetitions = 200;
  constexpr int few = 20;
  const auto seconds_of_gathers = [&](std::int64_t numbers, int times) {
    const VectorSpace space(world, numbers);
    std::vector<double> whole(static_cast<std::size_t>(numbers));
    space.gather_in_place(std::span(whole));
    world.barrier();
    const Stopwatch watch;
    for (int k = 0; k < times; ++k) space.gather_in_place(std::span(whole));
    return world.max(watch.elapsed_s() / times);
  };
  const double small_s = seconds_of_gathers(world.size(), repetitions);
  const double large_s = seconds_of_gathers(large, few);
  NetworkModel one_round;
  one_round.cores_per_node = world.size();
  one_round.node_latency_s = 1.0;
  const double rounds =
      cost_of({Exchange::Kind::gather, 1.0, 8.0, 0}, world.size(), one_round).seconds;
  network.node_latency_s = small_s / rounds;
  const double received = 8.0 * static_cast<double>(large) * static_cast<double>(world.size() - 1) /
                          static_cast<double>(world.size());
  network.node_bytes_per_s = received / std::max(large_s - small_s, 1e-9);
}

}  // namespace

double StudyPlan::memory_bytes() const {
  return bytes_of(estimate.memory);
}

double StudyPlan::disk_bytes() const {
  return bytes_of(estimate.disk) + bytes_of(estimate.transient_disk);
}

StudyPlan plan_study(const Settings& settings, PlanRequest& request, const Site& site) {
  StudyContext& context = request.context;
  StudyHeader header;
  StudyEstimator estimate;
  collectively(context.world, [&] {
    header = read_study_header(settings, context.study_file);
    if (context.output_folder.empty()) context.output_folder = "results/" + header.name;
    estimate = estimator_of(settings, header);
  });
  StudyPlan plan;
  plan.name = header.name;
  plan.kind = header.kind;
  plan.file = context.study_file;
  plan.ranks = request.ranks;
  plan.measured_on = context.world.size();
  plan.nodes = (request.ranks + site.cores_per_node - 1) / site.cores_per_node;
  request.network = site.network();
  const Communicator node = context.world.split_by_node();
  if (node.size() == context.world.size()) measure_node(context.world, request.network);
  plan.estimate = estimate(settings, header, request);
  // What was measured until then is no plan.
  if (context.world.any(Interrupt::requested())) throw Error("told to stop: no plan was made");
  // All code that a study runs is resident by now, nothing of its data any more.
  double& program = plan.estimate.memory.front().bytes;
  program = context.world.max(std::max(program, program_bytes()));
  WorkUnit launch;
  launch.fixed_s = context.world.max(request.launch_s);
  auto& stages = plan.estimate.work.stages;
  stages.insert(stages.begin(), {"launch",
                                 WorkStage::Deal::root,
                                 0,
                                 {{"launch", 0.0, {{"launch", 1.0, 1.0, "measured", launch}}}}});
  plan.network = request.network;
  plan.forecast = forecast_of(plan.estimate.work, request.ranks, request.network);
  plan.scaling = scaling_table(plan.estimate.work, kMostRanks, request.network);
  plan.calibration_s = request.watch.elapsed_s();
  return plan;
}

StudyEstimator estimator_of(const Settings& settings, const StudyHeader& header) {
  if (header.kind == "trajectories") return estimate_trajectories;
  if (header.kind == "surface" || header.kind == "connection") return estimate_landscape;
  if (header.kind == "kernel") return estimate_kernel;
  if (header.kind == "small_data") return estimate_small_data;
  if (header.kind == "uci") return estimate_uci;
  if (header.kind == "width") return estimate_width;
  if (header.kind == "completion") return estimate_completion;
  settings.table("study").fail(
      "kind",
      "found \"" + header.kind +
          "\", expected one that can be planned: trajectories, surface, connection, kernel, "
          "small_data, uci, width, completion");
}

}  // namespace thalweg
