#include "planning/network_calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "planning/plan_timing.hpp"
#include "records/schema.hpp"
#include "runs/run_calendar.hpp"
#include "runs/run_checkpoint.hpp"
#include "runs/run_network.hpp"
#include "runs/run_probes.hpp"
#include "runs/snapshots.hpp"

namespace thalweg {

namespace {

std::vector<std::int64_t> first_samples(std::int64_t count) {
  std::vector<std::int64_t> samples(static_cast<std::size_t>(count));
  std::iota(samples.begin(), samples.end(), 0);
  return samples;
}

/// Steps at which the loss, falling as an exponential through the last half of what was seen, comes
/// to the target.
std::int64_t reached_by_extrapolation(const std::vector<std::pair<double, double>>& losses,
                                      double target, std::int64_t most) {
  if (losses.size() < 2 || target <= 0.0) return most;
  const auto& [last_step, last_loss] = losses.back();
  const auto& [step, loss] = losses[losses.size() / 2 - (losses.size() == 2 ? 1 : 0)];
  if (!(last_loss < loss) || last_step <= step || !(last_loss > 0.0)) return most;
  const double rate = std::log(loss / last_loss) / (last_step - step);
  const double steps = last_step + std::log(last_loss / target) / rate;
  return steps < static_cast<double>(most) ? static_cast<std::int64_t>(std::ceil(steps)) : most;
}

}  // namespace

template <class Real>
NetworkCalibration<Real>::NetworkCalibration(const Communicator& self, const RunSpec& plan,
                                             const DataSet<Real>& data)
    : plan_(plan),
      data_(data),
      objective_(make_network_loss(self, plan, data)),
      stepper_(objective_->space(), objective_->network().parameters(), plan.optimizer),
      training_(training_subset(plan.train, data.train.size())),
      validation_(validation_subset(plan.train, data.train.size())),
      schedule_(schedule_of(plan, data.train.size())),
      order_(plan.seed, Purpose::shuffle, training_samples()),
      w_(initial_point(plan, *objective_)),
      gradient_(w_.size()) {}

template <class Real>
std::int64_t NetworkCalibration<Real>::training_samples() const {
  return data_.train.size() - static_cast<std::int64_t>(validation_.size());
}

template <class Real>
TrainingTrial NetworkCalibration<Real>::train(double seconds) {
  constexpr std::int64_t least = 3;
  const std::int64_t most = schedule_.steps();
  TrainingTrial trial{0, most, "schedule", 0.0};
  double stepping_s = 0.0;
  std::vector<std::pair<double, double>> losses;
  const Stopwatch all;
  constexpr double least_s = 0.2;
  stepper_.set_stop([&] { return all.elapsed_s() > std::max(seconds, least_s); });
  while (step_ < most && (step_ < least || all.elapsed_s() < seconds)) {
    const Stopwatch watch;
    const double loss = training_step(*objective_, stepper_, order_, schedule_.at(step_),
                                      plan_.seed, step_, std::span<Real>(w_));
    stepping_s += watch.elapsed_s();
    if (stepper_.was_abandoned()) {
      trial.cut_off = true;
      break;
    }
    if (!std::isfinite(loss)) {
      trial.basis = "the trial diverged";
      break;
    }
    ++step_;
    if (!plan_.train.has_target() || !evaluation_due(plan_.train, schedule_, step_)) continue;
    const auto train = objective_->evaluate(w_, data_.train, Statistics::frozen, training_);
    losses.emplace_back(static_cast<double>(step_), train.loss);
    const double accuracy =
        plan_.train.target_accuracy == 0.0 ? 1.0
        : plan_.train.target_on_validation
            ? objective_->evaluate(w_, data_.train, Statistics::frozen, validation_).accuracy
            : objective_->evaluate(w_, data_.test, Statistics::frozen).accuracy;
    if (reaches_target(plan_.train, train.loss, accuracy)) {
      trial.expected = step_;
      trial.basis = fmt::format("a trial reached the target after {} steps", step_);
      break;
    }
  }
  stepper_.set_stop({});
  trial.steps = step_;
  const std::int64_t begun = step_ + (trial.cut_off ? 1 : 0);
  trial.step_s = begun > 0 ? stepping_s / static_cast<double>(begun) : 0.0;
  if (plan_.train.has_target() && trial.basis == "schedule") {
    trial.expected = reached_by_extrapolation(losses, plan_.train.target_loss, most);
    trial.basis = trial.expected < most
                      ? fmt::format("target, by the loss of the first {} steps", step_)
                      : "at most: the target may come earlier";
  }
  return trial;
}

template <class Real>
WorkUnit NetworkCalibration<Real>::over_samples(std::int64_t samples, const Pass& pass) {
  const std::int64_t shard = objective_->evaluation_shard();
  const auto many = first_samples(std::min(samples, kMost));
  const auto few = first_samples(std::min<std::int64_t>(
      std::max<std::int64_t>(shard, std::ssize(many) / 4), std::ssize(many)));
  const double few_s = seconds_of([&] { pass(few); });
  const double many_s = seconds_of([&] { pass(many); });
  const LineThrough line = line_through(std::ssize(few), few_s, std::ssize(many), many_s);
  WorkUnit unit;
  unit.fixed_s = line.fixed_s;
  unit.item_s = line.item_s;
  unit.items = samples;
  unit.grain = shard;
  return unit;
}

/// Least traffic: activations written and read by each pass, and what is of the parameters' size.
template <class Real>
void NetworkCalibration<Real>::describe(WorkUnit& unit, double flops_a_sample,
                                        double passes) const {
  using Holding = typename Network<Real>::Holding;
  const auto samples = static_cast<double>(unit.items);
  unit.flops = flops_a_sample * samples;
  unit.bytes_moved =
      2.0 * passes *
          static_cast<double>(objective_->network().memory_bytes(unit.items, Holding::outputs)) +
      passes * static_cast<double>(w_.size() * sizeof(Real));
}

template <class Real>
std::vector<Exchange> NetworkCalibration<Real>::statistics_exchanges(Statistics statistics,
                                                                     std::int64_t samples,
                                                                     std::int64_t passes) const {
  std::vector<Exchange> exchanges;
  if (!objective_->network().mixes_shards(statistics)) return exchanges;
  const std::int64_t shard = objective_->evaluation_shard();
  for (const auto& block : objective_->network().parameters()) {
    // Of a norm, the count and two moments of each feature are merged forwards, two sums backwards.
    if (block.normalisation && block.name.ends_with(".weight")) {
      exchanges.push_back({Exchange::Kind::tree_sum, 1.0,
                           8.0 * static_cast<double>(2 * block.count() + 1),
                           (samples + shard - 1) / shard});
      for (std::int64_t back = 1; back < passes; ++back) {
        exchanges.push_back({Exchange::Kind::tree_sum, 1.0,
                             16.0 * static_cast<double>(block.count()),
                             (samples + shard - 1) / shard});
      }
    }
  }
  return exchanges;
}

template <class Real>
std::vector<Exchange> NetworkCalibration<Real>::gradient_exchanges(Statistics statistics,
                                                                   std::int64_t samples,
                                                                   std::int64_t shard) const {
  const std::int64_t leaves = (samples + shard - 1) / shard;
  auto exchanges = statistics_exchanges(statistics, samples, 2);
  for (auto& exchange : exchanges) exchange.leaves = leaves;
  exchanges.push_back(
      {Exchange::Kind::slices, 1.0, static_cast<double>(w_.size() * sizeof(Real)), leaves});
  exchanges.push_back({Exchange::Kind::tree_sum, 1.0, 16.0, leaves});
  return exchanges;
}

template <class Real>
double NetworkCalibration<Real>::gradients_a_step() const {
  const auto counts = stepper_.flow_counts();
  if (!counts) return plan_.optimizer.sharpness_aware == "none" ? 1.0 : 2.0;
  constexpr double least = dormand_prince::kStages;
  if (step_ == 0) return least;
  return static_cast<double>(counts->evaluations) / static_cast<double>(step_);
}

template <class Real>
std::vector<Exchange> NetworkCalibration<Real>::step_exchanges() const {
  const std::int64_t batch = std::min(plan_.train.batch, training_samples());
  const double gradients = gradients_a_step();
  const auto vector = static_cast<double>(w_.size() * sizeof(Real));
  const std::int64_t blocks = (objective_->dimension() + kVectorBlock - 1) / kVectorBlock;
  const double norm = 8.0 * static_cast<double>(blocks);
  auto exchanges = gradient_exchanges(Statistics::batch, batch, objective_->training_shard(batch));
  for (auto& exchange : exchanges) exchange.calls *= gradients;
  // Norms of SAM's first gradient; of a flow's errors and stiffness.
  if (gradients > 1.0) exchanges.push_back({Exchange::Kind::gather, gradients / 2.0, norm, 0});
  if (plan_.model.ghost_size > 0) {
    // Ghost groups' moments are summed for the running averages alone.
    const std::int64_t shard = objective_->training_shard(batch);
    for (const auto& block : objective_->network().parameters()) {
      if (!block.normalisation || !block.name.ends_with(".weight")) continue;
      exchanges.push_back({Exchange::Kind::tree_sum, gradients,
                           8.0 * static_cast<double>(2 * block.count() + 1),
                           (batch + shard - 1) / shard});
    }
  }
  if (plan_.optimizer.clip_norm > 0.0) exchanges.push_back({Exchange::Kind::gather, 1.0, norm, 0});
  exchanges.push_back({Exchange::Kind::gather, gradients, vector, 0});
  exchanges.push_back({Exchange::Kind::agree, 1.0 / static_cast<double>(kAgreeEvery), 8.0, 0});
  return exchanges;
}

template <class Real>
WorkUnit NetworkCalibration<Real>::step() {
  const Schedule::Step now = schedule_.at(0);
  const Subset samples = order_.batch(now);
  const auto count = static_cast<std::int64_t>(samples.size());
  const std::int64_t shard = objective_->training_shard(count);
  const auto few = static_cast<std::size_t>(std::min(count, std::max(shard, count / 4)));
  const auto buffers = objective_->network().buffers();
  // As the step itself: with the shard of the whole batch.
  objective_->set_shards(shard, objective_->evaluation_shard());
  const auto gradient_s = [&](Subset part) {
    return seconds_of([&] {
      objective_->training_gradient(w_, part, gradient_, {plan_.seed, 0, 0});
    });
  };
  const double few_s = gradient_s(samples.first(few));
  const double many_s = gradient_s(samples);
  const auto kept = w_;
  const double move_s = seconds_of([&] {
    stepper_.step(std::span<Real>(w_), 0.0,
                  [&](std::span<const Real> /*w*/, std::span<Real> slice) {
                    std::copy(gradient_.begin(), gradient_.end(), slice.begin());
                    return 1.0;
                  });
  });
  w_ = kept;
  objective_->network().set_buffers(buffers);
  objective_->set_shards(plan_.train.shard, objective_->evaluation_shard());
  const LineThrough line = line_through(static_cast<std::int64_t>(few), few_s, count, many_s);
  const double passes = gradients_a_step();
  WorkUnit unit;
  unit.items = count;
  unit.grain = shard;
  unit.fixed_s = passes * line.fixed_s;
  unit.item_s = passes * line.item_s;
  unit.shared_s = move_s;
  describe(unit, passes * 3.0 * objective_->network().flops(), passes * 3.0);
  unit.exchanges = step_exchanges();
  return unit;
}

template <class Real>
WorkUnit NetworkCalibration<Real>::evaluation(Half half, std::int64_t samples) {
  const auto& split = half == Half::train ? data_.train : data_.test;
  auto unit = over_samples(
      samples, [&](Subset subset) { objective_->evaluate(w_, split, Statistics::frozen, subset); });
  describe(unit, objective_->network().flops(), 1.0);
  unit.exchanges = {{Exchange::Kind::tree_sum, 1.0, 16.0, (samples + unit.grain - 1) / unit.grain}};
  return unit;
}

template <class Real>
WorkUnit NetworkCalibration<Real>::reestimation(std::int64_t samples) {
  const auto buffers = objective_->network().buffers();
  auto unit =
      over_samples(samples, [&](Subset subset) { objective_->reestimate_statistics(w_, subset); });
  objective_->network().set_buffers(buffers);
  describe(unit, objective_->network().flops(), 1.0);
  unit.exchanges = statistics_exchanges(Statistics::batch, samples, 1);
  unit.exchanges.push_back(
      {Exchange::Kind::tree_sum, 1.0, 16.0, (samples + unit.grain - 1) / unit.grain});
  return unit;
}

template <class Real>
WorkUnit NetworkCalibration<Real>::gradient(Half half, Statistics statistics,
                                            std::int64_t samples) {
  objective_->set_half(half);
  objective_->set_statistics(statistics);
  auto unit =
      over_samples(samples, [&](Subset subset) { objective_->gradient(w_, subset, gradient_); });
  objective_->set_half(Half::train);
  describe(unit, 3.0 * objective_->network().flops(), 3.0);
  unit.exchanges = gradient_exchanges(statistics, samples, unit.grain);
  return unit;
}

template <class Real>
WorkUnit NetworkCalibration<Real>::product(Half half, Statistics statistics, std::int64_t samples) {
  objective_->set_half(half);
  objective_->set_statistics(statistics);
  std::vector<Real> direction(w_.size(), Real{1});
  auto unit = over_samples(samples, [&](Subset subset) {
    objective_->hessian_vector(w_, direction, subset, gradient_);
  });
  objective_->set_half(Half::train);
  describe(unit, 6.0 * objective_->network().flops(), 4.0);
  unit.exchanges = gradient_exchanges(statistics, samples, unit.grain);
  // The direction is needed whole.
  unit.exchanges.push_back({Exchange::Kind::gather, 1.0, 8.0 * static_cast<double>(w_.size()), 0});
  return unit;
}

template <class Real>
WorkUnit NetworkCalibration<Real>::all_outputs(std::int64_t samples) {
  objective_->set_statistics(Statistics::batch);
  auto unit =
      over_samples(samples, [&](Subset subset) { objective_->outputs(w_, data_.train, subset); });
  describe(unit, objective_->network().flops(), 1.0);
  unit.exchanges = statistics_exchanges(Statistics::batch, samples, 1);
  unit.exchanges.push_back({Exchange::Kind::gather, 1.0,
                            static_cast<double>(samples * objective_->network().outputs()) *
                                static_cast<double>(sizeof(Real)),
                            0});
  return unit;
}

template <class Real>
std::int64_t NetworkCalibration<Real>::samples_of(const ProbeSpec& probe) const {
  if (probe.samples > 0) return probe.samples;
  return probe.half == Half::test ? data_.test.size() : training_samples();
}

template <class Real>
ProbeTrial NetworkCalibration<Real>::try_probe(const ProbeSpec& probe, double seconds) {
  constexpr std::int64_t few = 512;
  const std::int64_t all = samples_of(probe);
  std::int64_t first = std::min(all, few);
  try {
    probe.probe->check(objective_->network().parameters(), first);
  } catch (const ConfigurationError&) {
    first = all;  // it asks about more than that at a time
  }
  const Stopwatch watch;
  ProbeTrial trial = try_probe(probe, first, seconds);
  const double took_s = watch.elapsed_s();
  // A larger one may ask half as often again.
  const double affordable = (seconds - took_s) / (1.5 * std::max(took_s, 1e-3));
  const auto more = static_cast<std::int64_t>(
      std::min(static_cast<double>(all), affordable * static_cast<double>(first)));
  if (!trial.finished || more < 2 * first) return trial;
  ProbeTrial larger = try_probe(probe, more, seconds - took_s);
  return larger.finished ? larger : trial;
}

template <class Real>
ProbeTrial NetworkCalibration<Real>::try_probe(const ProbeSpec& probe, std::int64_t among,
                                               double seconds) {
  ProbeTrial trial;
  trial.samples = among;
  trial.dimension = objective_->dimension();
  const auto samples = first_samples(trial.samples);
  const std::vector<double> x(w_.begin(), w_.end());
  const auto buffers = objective_->network().buffers();
  objective_->set_half(probe.half);
  objective_->set_statistics(probe.statistics);
  // The network's own arrays grow with what is asked of it first.
  objective_->value(w_, samples);
  const double before = allocated_bytes();
  DoublePrecision<Real> widened(*objective_);
  CountedObjective counted(widened, trial.samples, seconds);
  const Stopwatch watch;
  try {
    TrainingState state = training_state(plan_.optimizer, schedule_, step_);
    if (const auto p = stepper_.preconditioner_slice()) {
      state.preconditioner_slice.assign(p->begin(), p->end());
    }
    probe.probe->begin(counted, x, samples);
    probe.probe->observe(state);
    trial.found = probe.probe->measure(counted, x, samples);
    trial.finished = true;
  } catch (const OutOfTime&) {
    // What was counted until then stands.
  }
  trial.rest_s = std::max(0.0, watch.elapsed_s() - counted.asked_s());
  for (std::size_t k = 0; k < kQuestions; ++k) {
    trial.counts[k] = counted.count(static_cast<Question>(k));
  }
  trial.vector_bytes = std::max(0.0, counted.most_allocated() - before);
  objective_->set_half(Half::train);
  objective_->network().set_buffers(buffers);
  return trial;
}

template <class Real>
WorkUnit NetworkCalibration<Real>::answer(const ProbeSpec& probe, const ProbeTrial& trial) {
  const std::int64_t samples = samples_of(probe);
  const double as_large = static_cast<double>(w_.size()) / static_cast<double>(trial.dimension);
  const auto scale = static_cast<double>(samples) / static_cast<double>(trial.samples);
  WorkUnit all;
  all.items = samples;
  all.grain = objective_->evaluation_shard();
  all.shared_s = trial.rest_s * as_large;
  all.bytes_moved = 0.0;
  for (std::size_t k = 0; k < kQuestions; ++k) {
    const QuestionCount& count = trial.counts[k];
    if (count.calls + count.part_calls == 0.0) continue;
    WorkUnit one;
    if (count.calls > 0.0) {
      switch (static_cast<Question>(k)) {
        case Question::value:
          one = evaluation(probe.half, samples);
          break;
        case Question::gradient:
          one = gradient(probe.half, probe.statistics, samples);
          break;
        case Question::product:
          one = product(probe.half, probe.statistics, samples);
          break;
        case Question::tangent_kernel:
          one.item_s =
              as_large * scale * count.seconds / count.calls / static_cast<double>(trial.samples);
          break;
        default:
          one.item_s = as_large * count.seconds / count.calls / static_cast<double>(trial.samples);
          break;
      }
    }
    all.fixed_s += count.calls * one.fixed_s + as_large * count.part_seconds;
    all.item_s += count.calls * one.item_s;
    all.flops += count.calls * one.flops;
    all.bytes_moved += count.calls * one.bytes_moved;
    for (auto exchange : one.exchanges) {
      exchange.calls *= count.calls;
      all.exchanges.push_back(exchange);
    }
  }
  return all;
}

template <class Real>
typename NetworkCalibration<Real>::Written NetworkCalibration<Real>::checkpoint(
    const std::string& folder, RunRecord& record) {
  const std::string file = folder + "/checkpoint.h5";
  RunProgress progress;
  auto statistics = objective_->network().buffers();
  const double seconds = seconds_of([&] {
    save_run(objective_->space(), file, RunParts<Real>{progress, w_, statistics, stepper_, record},
             0.0);
  });
  return {seconds, file_bytes(file)};
}

template <class Real>
typename NetworkCalibration<Real>::Written NetworkCalibration<Real>::record(
    const std::string& folder, const RunRecord& record, const Attributes& provenance) {
  const std::string file = folder + "/record.h5";
  Record whole;
  whole.attributes = provenance;
  record.write_to(whole);
  whole.column("/parameters/final", w_, "parameter", "1", "parameters at the end");
  whole.column("/parameters/running_statistics", objective_->network().buffers(), "statistic", "1",
               "running statistics of batch norm, mean then variance of each layer");
  const double seconds = seconds_of([&] { write_record(file, whole); });
  return {seconds, file_bytes(file)};
}

template <class Real>
typename NetworkCalibration<Real>::Written NetworkCalibration<Real>::snapshot(
    const std::string& folder, const Attributes& provenance) {
  const std::string file = folder + "/snapshot.h5";
  const double seconds = seconds_of([&] {
    write_snapshot(file, Snapshot<Real>{0, 0.0, w_, objective_->network().buffers()}, provenance);
  });
  return {seconds, file_bytes(file)};
}

template class NetworkCalibration<float>;
template class NetworkCalibration<double>;

}  // namespace thalweg
