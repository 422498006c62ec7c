#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/data_set.hpp"
#include "planning/counted_objective.hpp"
#include "planning/workload.hpp"
#include "runs/run_record.hpp"
#include "runs/run_settings.hpp"
#include "runs/training_step.hpp"

namespace thalweg {

/// Some steps of a run, as far as there was time.
struct TrainingTrial {
  std::int64_t steps = 0;     ///< taken
  std::int64_t expected = 0;  ///< of the whole run
  std::string basis;          ///< where that comes from
  double step_s = 0.0;        ///< mean of one
  bool cut_off = false;       ///< within a step: step_s is a lower bound
};

/// How one probe went about it on few samples, as far as there was time.
struct ProbeTrial {
  bool finished = false;
  std::int64_t samples = 0;
  std::int64_t dimension = 0;
  std::array<QuestionCount, kQuestions> counts{};
  double rest_s = 0.0;        ///< outside of the objective
  double vector_bytes = 0.0;  ///< what it holds besides the objective
  Measurement found;
};

/// Unit costs of one run's network, measured by the study's own code on its own shapes by this rank
/// alone. Sets of more than kMost samples are measured on as many and taken to grow in proportion.
template <class Real>
class NetworkCalibration {
 public:
  static constexpr std::int64_t kMost = 4096;

  /// All must outlive this. Local (`self` is this rank alone).
  NetworkCalibration(const Communicator& self, const RunSpec& plan, const DataSet<Real>& data);

  [[nodiscard]] NetworkLoss<Real>& objective() { return *objective_; }
  [[nodiscard]] const RunSpec& plan() const { return plan_; }
  [[nodiscard]] const Schedule& schedule() const { return schedule_; }
  /// Where the trial has come to.
  [[nodiscard]] std::span<const Real> point() const { return w_; }
  [[nodiscard]] std::int64_t training_samples() const;

  /// Takes steps until the run's own end or for so long, at least a few.
  [[nodiscard]] TrainingTrial train(double seconds);
  [[nodiscard]] WorkUnit step();
  /// With the running averages.
  [[nodiscard]] WorkUnit evaluation(Half half, std::int64_t samples);
  /// Of the training samples, their statistics becoming the running averages.
  [[nodiscard]] WorkUnit reestimation(std::int64_t samples);
  [[nodiscard]] WorkUnit gradient(Half half, Statistics statistics, std::int64_t samples);
  [[nodiscard]] WorkUnit product(Half half, Statistics statistics, std::int64_t samples);
  [[nodiscard]] WorkUnit all_outputs(std::int64_t samples);

  /// Asks the probe where the trial has come to, first about a few samples, then about as many as
  /// there is time for: how often an iteration asks hangs on them.
  [[nodiscard]] ProbeTrial try_probe(const ProbeSpec& probe, double seconds);
  /// One answer of the probe about all its samples, asked as often as in the trial, which may be
  /// another network's.
  [[nodiscard]] WorkUnit answer(const ProbeSpec& probe, const ProbeTrial& trial);
  [[nodiscard]] std::int64_t samples_of(const ProbeSpec& probe) const;

  /// Writes a checkpoint, or the run's record, with so many evaluations and answers of each probe.
  struct Written {
    double seconds = 0.0;
    double bytes = 0.0;
  };
  [[nodiscard]] Written checkpoint(const std::string& folder, RunRecord& record);
  [[nodiscard]] Written record(const std::string& folder, const RunRecord& record,
                               const Attributes& provenance);
  [[nodiscard]] Written snapshot(const std::string& folder, const Attributes& provenance);
  [[nodiscard]] std::int64_t state_vectors() {
    return static_cast<std::int64_t>(stepper_.state().size());
  }

  // What these cost between ranks. Local.
  [[nodiscard]] std::vector<Exchange> step_exchanges() const;
  [[nodiscard]] const VectorSpace& space() const { return objective_->space(); }

 private:
  /// As many as a step asks for; of a flow in the mean over the trial.
  [[nodiscard]] double gradients_a_step() const;
  [[nodiscard]] ProbeTrial try_probe(const ProbeSpec& probe, std::int64_t samples, double seconds);
  using Pass = std::function<void(Subset)>;
  /// A unit of work over samples, timed at two sizes.
  [[nodiscard]] WorkUnit over_samples(std::int64_t samples, const Pass& pass);
  void describe(WorkUnit& unit, double flops_a_sample, double passes) const;
  [[nodiscard]] std::vector<Exchange> statistics_exchanges(Statistics statistics,
                                                           std::int64_t samples,
                                                           std::int64_t passes) const;
  [[nodiscard]] std::vector<Exchange> gradient_exchanges(Statistics statistics,
                                                         std::int64_t samples,
                                                         std::int64_t shard) const;

  const RunSpec& plan_;
  const DataSet<Real>& data_;
  std::unique_ptr<NetworkLoss<Real>> objective_;
  Stepper<Real> stepper_;
  std::vector<std::int64_t> training_;    // empty: all
  std::vector<std::int64_t> validation_;  // empty: none
  Schedule schedule_;
  SampleOrder order_;
  std::vector<Real> w_;
  std::vector<Real> gradient_;
  std::int64_t step_ = 0;
};

}  // namespace thalweg
