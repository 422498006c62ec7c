#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "objectives/objective.hpp"
#include "optimizers/schedule.hpp"
#include "optimizers/stepper.hpp"
#include "probes/probe.hpp"
#include "records/record.hpp"
#include "runs/probe_cadence.hpp"
#include "runs/run_record.hpp"

namespace thalweg {

/// What a run trains: an objective, where the run begins, what a step of an optimiser on it is, and
/// what is told of its points. What is not said to be local is collective over the objective's team
/// and has the same bits on any number of ranks.
template <class Real>
class Problem {
 public:
  Problem() = default;
  Problem(const Problem&) = delete;
  Problem& operator=(const Problem&) = delete;
  virtual ~Problem() = default;

  /// Local.
  [[nodiscard]] virtual Objective<Real>& objective() = 0;
  /// Named blocks of the parameters; none where they have no names. Local.
  [[nodiscard]] virtual std::vector<ParameterBlock> blocks() const { return {}; }
  /// Which columns its runs have. Local.
  [[nodiscard]] virtual RunColumns columns() const = 0;
  /// Samples that a schedule's epochs are counted in, those held out among them. Local.
  [[nodiscard]] virtual std::int64_t samples() const = 0;

  /// Where the run begins, whole on every rank.
  virtual std::vector<Real> start() = 0;
  /// What belongs to a point besides its parameters: running statistics of batch norm. Local.
  [[nodiscard]] virtual std::vector<double> statistics() { return {}; }
  virtual void set_statistics(std::span<const double> /*statistics*/) {}

  /// Step number `index` of a run on w, the whole vector on every rank; returns the loss before it,
  /// after which w is as it was where that is not finite; a step that the stepper abandons leaves
  /// w and the statistics alone.
  virtual double step(Stepper<Real>& stepper, const Schedule::Step& now, std::int64_t index,
                      std::span<Real> w) = 0;
  /// Writes what is told of a point at every evaluation: its losses.
  virtual void evaluate(std::span<const Real> w, TrajectoryPoint& point) = 0;
  /// This rank's slice of the gradient of all that is trained on.
  virtual void gradient(std::span<const Real> w, std::span<Real> slice) = 0;

  /// Shows the probes where the run begins.
  virtual void begin(std::span<const ProbeSpec> probes, std::span<const Real> start) = 0;
  [[nodiscard]] virtual Measurement measure(const ProbeSpec& probe, std::span<const Real> w,
                                            const TrainingState& state) = 0;
  /// What /probes/NAME says of how it was measured. Local.
  virtual void describe(const ProbeSpec& probe, Record& record) const = 0;

  /// What records of its runs and points say of it. Local.
  [[nodiscard]] virtual Attributes attributes() const = 0;
  /// A point in a few words, for progress. Local.
  [[nodiscard]] virtual std::string in_words(const TrajectoryPoint& point) const = 0;
  /// Says what a user should know before the first step. Local.
  virtual void warn(const Log& /*log*/, const Schedule& /*schedule*/) const {}
};

}  // namespace thalweg
