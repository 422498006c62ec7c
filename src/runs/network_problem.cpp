#include "runs/network_problem.hpp"

#include <fmt/format.h>

#include "runs/training_step.hpp"

namespace thalweg {

template <class Real>
NetworkProblem<Real>::NetworkProblem(const Communicator& team, const RunSpec& spec,
                                     const DataSet<Real>& data)
    : team_(team),
      spec_(spec),
      data_(data),
      objective_(make_network_loss(team, spec, data)),
      probes_(*objective_, spec),
      training_(training_subset(spec.train, data.train.size())),
      validation_(validation_subset(spec.train, data.train.size())),
      order_(spec.seed, Purpose::shuffle,
             data.train.size() - static_cast<std::int64_t>(validation_.size())) {}

template <class Real>
std::vector<ParameterBlock> NetworkProblem<Real>::blocks() const {
  return objective_->network().parameters();
}

template <class Real>
RunColumns NetworkProblem<Real>::columns() const {
  return {.data = true, .samples = true, .validation = !validation_.empty()};
}

template <class Real>
std::int64_t NetworkProblem<Real>::samples() const {
  return data_.train.size();
}

template <class Real>
std::vector<Real> NetworkProblem<Real>::start() {
  return initial_point(spec_, *objective_);
}

template <class Real>
std::vector<double> NetworkProblem<Real>::statistics() {
  return objective_->network().buffers();
}

template <class Real>
void NetworkProblem<Real>::set_statistics(std::span<const double> statistics) {
  objective_->network().set_buffers(statistics);
}

template <class Real>
double NetworkProblem<Real>::step(Stepper<Real>& stepper, const Schedule::Step& now,
                                  std::int64_t index, std::span<Real> w) {
  return training_step(*objective_, stepper, order_, now, spec_.seed, index, w);
}

template <class Real>
void NetworkProblem<Real>::evaluate(std::span<const Real> w, TrajectoryPoint& point) {
  const auto train = objective_->evaluate(w, data_.train, Statistics::frozen, training_);
  const auto test = objective_->evaluate(w, data_.test, Statistics::frozen);
  Evaluation validation;
  if (!validation_.empty()) {
    validation = objective_->evaluate(w, data_.train, Statistics::frozen, validation_);
  }
  point.train_loss = train.loss;
  point.train_accuracy = train.accuracy;
  point.test_loss = test.loss;
  point.test_accuracy = test.accuracy;
  point.validation_loss = validation.loss;
  point.validation_accuracy = validation.accuracy;
}

template <class Real>
void NetworkProblem<Real>::gradient(std::span<const Real> w, std::span<Real> slice) {
  objective_->set_statistics(Statistics::batch);
  objective_->gradient(w, training_, slice);
}

template <class Real>
void NetworkProblem<Real>::begin(std::span<const ProbeSpec> probes, std::span<const Real> start) {
  probes_.begin(probes, start);
}

template <class Real>
Measurement NetworkProblem<Real>::measure(const ProbeSpec& probe, std::span<const Real> w,
                                          const TrainingState& state) {
  return probes_.measure(probe, w, state);
}

template <class Real>
void NetworkProblem<Real>::describe(const ProbeSpec& probe, Record& record) const {
  probes_.describe(probe, record);
}

template <class Real>
Attributes NetworkProblem<Real>::attributes() const {
  return {{"data", data_.description}, {"data_hash", fmt::format("{:016x}", data_.hash)}};
}

template <class Real>
std::string NetworkProblem<Real>::in_words(const TrajectoryPoint& point) const {
  return fmt::format("train loss {:.4g}, test accuracy {:.4f}", point.train_loss,
                     point.test_accuracy);
}

template <class Real>
void NetworkProblem<Real>::warn(const Log& log, const Schedule& schedule) const {
  const std::int64_t batch = schedule.at(0).batch;
  const std::int64_t shard = objective_->training_shard(batch);
  const std::int64_t shards = (batch + shard - 1) / shard;
  if (shards >= team_.size()) return;
  log.warn(
      fmt::format("{}: a batch of {} has {} shards of {} for {} ranks, the others idle in "
                  "training steps; lower "
                  "[train] shard or [study] team_size",
                  spec_.name, batch, shards, shard, team_.size()));
}

template class NetworkProblem<float>;
template class NetworkProblem<double>;

}  // namespace thalweg
