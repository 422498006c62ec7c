#include "runs/objective_problem.hpp"

#include <fmt/format.h>

#include "base/philox.hpp"

namespace thalweg {

ObjectiveProblem::ObjectiveProblem(const Communicator& team, const RunSpec& spec)
    : spec_(spec),
      shape_(spec.objective->shape()),
      objective_(spec.objective->make(team)),
      order_(spec.seed, Purpose::shuffle, shape_.epoch_samples()) {}

RunColumns ObjectiveProblem::columns() const {
  return {.data = false, .samples = objective_->sample_count() > 0};
}

std::int64_t ObjectiveProblem::samples() const {
  return shape_.epoch_samples();
}

std::vector<double> ObjectiveProblem::start() {
  if (!spec_.objective->start.empty()) return spec_.objective->start;
  Stream stream(spec_.seed, Purpose::initialisation, 0);
  std::vector<double> w(static_cast<std::size_t>(objective_->dimension()));
  for (auto& element : w) element = spec_.objective->start_deviation * stream.normal();
  return w;
}

void ObjectiveProblem::add_noise(std::int64_t step, std::span<double> slice) const {
  const double deviation = spec_.objective->gradient_noise;
  if (deviation == 0.0) return;
  Stream stream(spec_.seed, Purpose::gradient_noise, static_cast<std::uint64_t>(step));
  const Range mine = objective_->space().slice();
  for (std::int64_t i = 0; i < mine.end; ++i) {
    const double draw = stream.normal();
    if (i >= mine.begin) slice[static_cast<std::size_t>(i - mine.begin)] += deviation * draw;
  }
}

double ObjectiveProblem::step(Stepper<double>& stepper, const Schedule::Step& now,
                              std::int64_t index, std::span<double> w) {
  // A batch of all is the sum in its own order.
  const bool whole = now.count >= samples();
  const Subset batch = whole ? Subset() : order_.batch(now);
  return stepper.step(w, now.learning_rate,
                      [&](std::span<const double> x, std::span<double> slice) {
                        const double loss = objective_->gradient(x, batch, slice);
                        add_noise(index, slice);
                        return loss;
                      });
}

void ObjectiveProblem::evaluate(std::span<const double> w, TrajectoryPoint& point) {
  point.train_loss = objective_->value(w, {});
}

void ObjectiveProblem::gradient(std::span<const double> w, std::span<double> slice) {
  objective_->gradient(w, {}, slice);
}

void ObjectiveProblem::begin(std::span<const ProbeSpec> probes, std::span<const double> start) {
  for (const auto& spec : probes) spec.probe->begin(*objective_, start, {});
}

Measurement ObjectiveProblem::measure(const ProbeSpec& probe, std::span<const double> w,
                                      const TrainingState& state) {
  probe.probe->observe(state);
  return probe.probe->measure(*objective_, w, {});
}

void ObjectiveProblem::describe(const ProbeSpec& probe, Record& record) const {
  auto& attributes = record.group_attributes["/probes/" + probe.name];
  if (probe.draw_seed) attributes["draw_seed"] = static_cast<std::int64_t>(*probe.draw_seed);
  for (const auto& [name, value] : probe.probe->attributes()) attributes[name] = value;
}

Attributes ObjectiveProblem::attributes() const {
  return {{"objective", spec_.objective->kind->name}};
}

std::string ObjectiveProblem::in_words(const TrajectoryPoint& point) const {
  return fmt::format("loss {:.6g}", point.train_loss);
}

}  // namespace thalweg
