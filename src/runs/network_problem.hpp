#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runs/problem.hpp"
#include "runs/run_network.hpp"
#include "runs/run_probes.hpp"
#include "runs/sample_order.hpp"

namespace thalweg {

/// The mean loss of a network over a run's training samples.
template <class Real>
class NetworkProblem final : public Problem<Real> {
 public:
  /// All must outlive this. Collective over `team`.
  NetworkProblem(const Communicator& team, const RunSpec& spec, const DataSet<Real>& data);

  [[nodiscard]] Objective<Real>& objective() override { return *objective_; }
  [[nodiscard]] std::vector<ParameterBlock> blocks() const override;
  [[nodiscard]] RunColumns columns() const override;
  [[nodiscard]] std::int64_t samples() const override;
  std::vector<Real> start() override;
  [[nodiscard]] std::vector<double> statistics() override;
  void set_statistics(std::span<const double> statistics) override;
  double step(Stepper<Real>& stepper, const Schedule::Step& now, std::int64_t index,
              std::span<Real> w) override;
  void evaluate(std::span<const Real> w, TrajectoryPoint& point) override;
  void gradient(std::span<const Real> w, std::span<Real> slice) override;
  void begin(std::span<const ProbeSpec> probes, std::span<const Real> start) override;
  [[nodiscard]] Measurement measure(const ProbeSpec& probe, std::span<const Real> w,
                                    const TrainingState& state) override;
  void describe(const ProbeSpec& probe, Record& record) const override;
  [[nodiscard]] Attributes attributes() const override;
  [[nodiscard]] std::string in_words(const TrajectoryPoint& point) const override;
  void warn(const Log& log, const Schedule& schedule) const override;

 private:
  const Communicator& team_;
  const RunSpec& spec_;
  const DataSet<Real>& data_;
  std::unique_ptr<NetworkLoss<Real>> objective_;
  RunProbes<Real> probes_;
  std::vector<std::int64_t> training_;    // empty: all
  std::vector<std::int64_t> validation_;  // held out; empty: none
  SampleOrder order_;
};

}  // namespace thalweg
