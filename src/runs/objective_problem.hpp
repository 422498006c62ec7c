#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runs/problem.hpp"
#include "runs/run_settings.hpp"
#include "runs/sample_order.hpp"

namespace thalweg {

/// An objective that needs no data set, as [objective] names it. Where it is a finite sum, steps
/// draw batches of its terms, shuffled anew every epoch; noise is added to gradients where that is
/// asked for, one draw a step.
class ObjectiveProblem final : public Problem<double> {
 public:
  /// Both must outlive this. Local.
  ObjectiveProblem(const Communicator& team, const RunSpec& spec);

  [[nodiscard]] Objective<double>& objective() override { return *objective_; }
  [[nodiscard]] std::vector<ParameterBlock> blocks() const override { return shape_.blocks(); }
  [[nodiscard]] RunColumns columns() const override;
  [[nodiscard]] std::int64_t samples() const override;
  std::vector<double> start() override;
  double step(Stepper<double>& stepper, const Schedule::Step& now, std::int64_t index,
              std::span<double> w) override;
  void evaluate(std::span<const double> w, TrajectoryPoint& point) override;
  void gradient(std::span<const double> w, std::span<double> slice) override;
  void begin(std::span<const ProbeSpec> probes, std::span<const double> start) override;
  [[nodiscard]] Measurement measure(const ProbeSpec& probe, std::span<const double> w,
                                    const TrainingState& state) override;
  void describe(const ProbeSpec& probe, Record& record) const override;
  [[nodiscard]] Attributes attributes() const override;
  [[nodiscard]] std::string in_words(const TrajectoryPoint& point) const override;

 private:
  void add_noise(std::int64_t step, std::span<double> slice) const;

  const RunSpec& spec_;
  ObjectiveShape shape_;
  std::unique_ptr<Objective<double>> objective_;
  SampleOrder order_;
};

}  // namespace thalweg
