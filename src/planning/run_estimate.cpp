#include "planning/run_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/shard_gemm.hpp"
#include "studies/trajectories/trajectory_settings.hpp"

namespace thalweg {

namespace {

/// Part of a group's time that goes to training; the rest is for its probes. Where a target is to
/// be reached the number of steps hangs on it, elsewhere only the point that probes are tried at.
double training_share(const RunSpec& run) {
  constexpr double to_a_target = 0.5;
  constexpr double on_the_way = 0.2;
  if (!run.train.takes_steps()) return 0.0;
  return run.train.has_target() ? to_a_target : on_the_way;
}

double share_of(double count, std::int64_t ranks) {
  return count / static_cast<double>(std::max<std::int64_t>(ranks, 1));
}

WorkUnit once(double seconds) {
  WorkUnit unit;
  unit.fixed_s = seconds;
  return unit;
}

}  // namespace

std::string counts_text(const ProbeTrial& trial) {
  std::string text;
  for (std::size_t k = 0; k < kQuestions; ++k) {
    const double calls = trial.counts[k].calls + trial.counts[k].part_calls;
    if (calls == 0.0) continue;
    text +=
        fmt::format("{}{} {}", text.empty() ? "" : ", ", calls, name_of(static_cast<Question>(k)));
  }
  return fmt::format("{}: {}in a trial on {} samples", text.empty() ? "nothing asked" : text,
                     trial.finished ? "" : "at least, ", trial.samples);
}

template <class Real>
std::vector<PlannedBytes> base_memory(const DataSet<Real>& data, double program_bytes,
                                      Placement placement, std::int64_t team) {
  const auto numbers = static_cast<double>((data.train.size() + data.test.size()) *
                                           (data.train.features() * sizeof(Real)));
  const auto labels = 4.0 * static_cast<double>(data.train.size() + data.test.size());
  // A node's copy counts in every rank's resident memory, which reads all of it.
  const bool spread = placement == Placement::sharded;
  return {{"program and libraries", program_bytes},
          {spread ? "samples, spread over the team" : "samples, one copy a node",
           labels + (spread ? share_of(numbers, team) : numbers)}};
}

template <class Real>
std::vector<PlannedBytes> run_memory(NetworkCalibration<Real>& measured, const DataSet<Real>& data,
                                     const ProbeTrials& trials, std::int64_t team, bool one_node) {
  using Holding = typename Network<Real>::Holding;
  NetworkLoss<Real>& objective = measured.objective();
  const RunSpec& plan = measured.plan();
  const auto real = static_cast<double>(sizeof(Real));
  const auto whole = static_cast<double>(objective.dimension());
  const double slice = share_of(whole, team);
  const std::int64_t shard = objective.evaluation_shard();
  const auto rows_of = [&](std::int64_t samples) {
    WorkUnit unit;
    unit.items = samples;
    unit.grain = shard;
    return unit.items_of_busiest(team);
  };
  std::int64_t batch = std::min(plan.train.batch, measured.training_samples());
  for (const auto size : plan.schedule.batch_sizes) {
    batch = std::max(batch, std::min(size, measured.training_samples()));
  }
  const std::int64_t training_shard = objective.training_shard(batch);
  WorkUnit step;
  step.items = batch;
  step.grain = training_shard;
  const std::int64_t batch_rows = step.items_of_busiest(team);
  const std::int64_t step_layers = objective.network().memory_bytes(batch_rows, Holding::gradient);
  const std::int64_t step_rest =
      objective.step_bytes(batch, static_cast<int>(team), one_node) - step_layers;

  // Rows of both sets are copied once; the layers' arrays are as large as the largest pass.
  const std::int64_t features = data.train.features() * static_cast<std::int64_t>(sizeof(Real));
  std::int64_t train_rows = rows_of(measured.training_samples());
  std::int64_t test_rows = rows_of(data.test.size());
  std::int64_t layers = step_layers;
  const auto pass = [&](std::int64_t rows, Statistics statistics, Holding holding) {
    layers = std::max(layers, objective.pass_bytes(rows, statistics, holding) - rows * features);
  };
  pass(train_rows, Statistics::frozen, Holding::outputs);
  pass(test_rows, Statistics::frozen, Holding::outputs);
  pass(train_rows, Statistics::batch, Holding::gradient);
  double vectors = 0.0;
  for (const auto& probe : plan.probes) {
    const auto trial = trials.find(probe.name);
    if (trial == trials.end()) continue;
    const std::int64_t rows = rows_of(measured.samples_of(probe));
    (probe.half == Half::train ? train_rows : test_rows) =
        std::max(probe.half == Half::train ? train_rows : test_rows, rows);
    const auto& counts = trial->second.counts;
    const auto asked = [&](Question question) {
      const auto& count = counts[static_cast<std::size_t>(question)];
      return count.calls > 0.0;
    };
    pass(rows, probe.statistics,
         asked(Question::product)    ? Holding::products
         : asked(Question::gradient) ? Holding::gradient
                                     : Holding::outputs);
    // Two whole vectors of the probe's, and DoublePrecision's; the rest are slices.
    const double as_large = whole / static_cast<double>(trial->second.dimension);
    const double held = trial->second.vector_bytes * as_large;
    const double kept_whole = std::min(held, 16.0 * whole);
    vectors = std::max(vectors, 8.0 * whole + kept_whole + share_of(held - kept_whole, team));
  }
  const auto states = static_cast<double>(measured.state_vectors());
  const bool aware = plan.optimizer.sharpness_aware != "none";
  double numbers = whole + slice * (3.0 + states + (aware ? 1.0 : 0.0));
  if (plan.optimizer.is_flow()) numbers += Flow::kWholeVectors * whole + Flow::kSlices * slice;
  const double writing = (2.0 * states + 1.0) * whole * real;
  const auto indices =
      8.0 * static_cast<double>(2 * measured.training_samples() + data.test.size());
  // The first pass of as many rows tries which products have the bits of shards alone.
  std::int64_t trial = 0;
  for (const auto& block : objective.network().parameters()) {
    if (block.shape.size() != 2) continue;
    trial = std::max(trial,
                     ShardGemm<Real>::trial_numbers(std::max({batch_rows, train_rows, test_rows}),
                                                    block.shape[0], block.shape[1]));
  }
  return {{"parameters and optimiser", numbers * real},
          {"batch and gradients of a step", static_cast<double>(step_rest)},
          {"rows of the evaluated sets",
           static_cast<double>((train_rows + test_rows) * features) + indices},
          {"layers of the largest pass", static_cast<double>(layers)},
          {"vectors of probes, a checkpoint as it is written, or a trial of products",
           std::max({vectors, writing, static_cast<double>(trial) * real})}};
}

template <class Real>
GroupEstimate estimate_group(const RunSpec& run, const DataSet<Real>& data,
                             const PlanRequest& request, std::int64_t team, double seconds,
                             ProbeTrials& trials) {
  NetworkCalibration<Real> measured(request.self, run, data);
  GroupEstimate group;
  const Stopwatch watch;
  group.trial = measured.train(training_share(run) * seconds);
  if (run.train.takes_steps()) {
    group.step = measured.step();
    // A step among others is what was asked for; the units say how it is made up.
    const double alone_s = group.step.compute_s(1);
    const double factor = alone_s > 0.0 ? group.trial.step_s / alone_s : 1.0;
    group.step.fixed_s *= factor;
    group.step.item_s *= factor;
    group.step.shared_s *= factor;
  }
  const std::int64_t training = measured.training_samples();
  group.train_evaluation = measured.evaluation(Half::train, training);
  group.test_evaluation = measured.evaluation(Half::test, data.test.size());
  if (training < data.train.size()) {
    group.validation_evaluation = measured.evaluation(Half::train, data.train.size() - training);
  }
  group.end_gradient = measured.gradient(Half::train, Statistics::batch, training);
  auto untried = static_cast<double>(run.probes.size());
  for (const auto& probe : run.probes) {
    const double left = std::max(seconds - watch.elapsed_s(), 0.0) / untried;
    untried -= 1.0;
    const auto known = trials.find(probe.name);
    constexpr double least_s = 0.2;
    if (known == trials.end() || left > least_s) {
      const ProbeTrial trial = measured.try_probe(probe, std::max(left, least_s));
      if (known == trials.end() || trial.finished) trials[probe.name] = trial;
    }
    const ProbeTrial& trial = trials.at(probe.name);
    group.probes[probe.name] = measured.answer(probe, trial);
    group.probe_basis[probe.name] = counts_text(trial);
  }
  group.memory = run_memory(measured, data, trials, team, request.network.is_one_node(team));

  const RunCounts counts = expected_counts(run, group, data.train.size());
  RunRecord record({.data = true,
                    .samples = true,
                    .gradient_norm = run.train.gradient_norm_every,
                    .validation = training < data.train.size()});
  for (std::int64_t k = 0; k < counts.evaluations; ++k) record.add(TrajectoryPoint{});
  for (std::size_t k = 0; k < run.probes.size(); ++k) {
    const ProbeTrial& trial = trials.at(run.probes[k].name);
    for (std::int64_t row = 0; trial.finished && row < counts.probes[k]; ++row) {
      record.probes().add(run.probes[k].name, row, trial.found);
    }
  }
  const Attributes provenance = provenance_attributes(request.context.provenance);
  const auto checkpoint = measured.checkpoint(request.scratch, record);
  group.checkpoint_s = checkpoint.seconds;
  group.checkpoint_bytes = checkpoint.bytes;
  const auto written = measured.record(request.scratch, record, provenance);
  group.record_s = written.seconds;
  group.record_bytes = written.bytes;
  group.parameter_bytes = static_cast<double>(measured.point().size_bytes());
  if (run.train.has_snapshots()) {
    const auto snapshot = measured.snapshot(request.scratch, provenance);
    group.snapshot_s = snapshot.seconds;
    group.snapshot_bytes = snapshot.bytes;
  }
  return group;
}

RunCounts expected_counts(const RunSpec& run, const GroupEstimate& group, std::int64_t samples) {
  const Schedule schedule = schedule_of(run, samples);
  return counts_of(run, schedule, std::min(group.trial.expected, schedule.steps()));
}

WorkTask task_of(const RunSpec& run, const GroupEstimate& group, std::int64_t samples) {
  const Schedule schedule = schedule_of(run, samples);
  const RunCounts expected = expected_counts(run, group, samples);
  const RunCounts most = counts_of(run, schedule, schedule.steps());
  WorkTask task{run.name, dealing_cost(run, samples), {}};
  const auto add = [&](const std::string& name, std::int64_t count, std::int64_t at_most,
                       const std::string& basis, const WorkUnit& unit) {
    if (at_most == 0) return;
    task.pieces.push_back(
        {name, static_cast<double>(count), static_cast<double>(at_most), basis, unit});
  };
  add("training steps", expected.steps, most.steps,
      run.train.has_target() ? "target; at most by the schedule" : "schedule", group.step);
  add("evaluation of the training set", expected.evaluations, most.evaluations, "schedule",
      group.train_evaluation);
  add("evaluation of the test set", expected.evaluations, most.evaluations, "schedule",
      group.test_evaluation);
  if (group.validation_evaluation.items > 0) {
    add("evaluation of the samples held out", expected.evaluations, most.evaluations, "schedule",
        group.validation_evaluation);
  }
  const std::int64_t norms = run.train.gradient_norm_every ? expected.evaluations : 0;
  const std::int64_t most_norms = run.train.gradient_norm_every ? most.evaluations : 0;
  add("gradient of the training set", norms + 1, most_norms + 1, "schedule", group.end_gradient);
  for (std::size_t k = 0; k < run.probes.size(); ++k) {
    const std::string& name = run.probes[k].name;
    add("probe " + name, expected.probes[k], most.probes[k], group.probe_basis.at(name),
        group.probes.at(name));
  }
  double training_s = 0.0;
  for (const auto& piece : task.pieces) training_s += piece.count * piece.unit.compute_s(1);
  // As CheckpointClock has it: at most a fiftieth of the time.
  constexpr double most_often = 50.0;
  const double every_s = std::max(run.train.checkpoint_every_s, most_often * group.checkpoint_s);
  const auto saves = static_cast<std::int64_t>(training_s / every_s) +
                     (run.probes.empty() ? 0 : 1 + static_cast<std::int64_t>(run.probes.size()));
  add("checkpoints", saves, saves, "clock of one rank, and each probe", once(group.checkpoint_s));
  add("snapshots", expected.snapshots, most.snapshots, "schedule", once(group.snapshot_s));
  add("record", 1, 1, "one a run", once(group.record_s));
  return task;
}

template std::vector<PlannedBytes> base_memory(const DataSet<float>&, double, Placement,
                                               std::int64_t);
template std::vector<PlannedBytes> base_memory(const DataSet<double>&, double, Placement,
                                               std::int64_t);
template std::vector<PlannedBytes> run_memory(NetworkCalibration<float>&, const DataSet<float>&,
                                              const ProbeTrials&, std::int64_t, bool);
template std::vector<PlannedBytes> run_memory(NetworkCalibration<double>&, const DataSet<double>&,
                                              const ProbeTrials&, std::int64_t, bool);
template GroupEstimate estimate_group(const RunSpec&, const DataSet<float>&, const PlanRequest&,
                                      std::int64_t, double, ProbeTrials&);
template GroupEstimate estimate_group(const RunSpec&, const DataSet<double>&, const PlanRequest&,
                                      std::int64_t, double, ProbeTrials&);

}  // namespace thalweg
