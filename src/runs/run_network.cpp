#include "runs/run_network.hpp"

#include <fmt/format.h>

#include <numeric>

#include "base/checksum.hpp"
#include "data/label_noise.hpp"
#include "models/weights.hpp"

namespace thalweg {

namespace {

/// The training samples' labels as a run's plan changes them; empty where it does not.
template <class Real>
std::vector<std::int32_t> noisy_labels(const RunSpec& plan, const DataSplit<Real>& train) {
  if (plan.train.random_labels > 0.0) {
    return with_random_labels(train.labels(), train.classes(), plan.train.random_labels, plan.seed);
  }
  if (plan.train.label_noise > 0.0) {
    return with_label_noise(train.labels(), train.classes(), plan.train.label_noise, plan.seed);
  }
  return {};
}

}  // namespace

std::vector<std::int64_t> training_subset(const TrainOptions& train, std::int64_t samples) {
  const std::int64_t out = held_out(train.validation, samples);
  if (out == 0) return {};
  std::vector<std::int64_t> subset(static_cast<std::size_t>(samples - out));
  std::iota(subset.begin(), subset.end(), 0);
  return subset;
}

std::vector<std::int64_t> validation_subset(const TrainOptions& train, std::int64_t samples) {
  const std::int64_t out = held_out(train.validation, samples);
  std::vector<std::int64_t> subset(static_cast<std::size_t>(out));
  std::iota(subset.begin(), subset.end(), samples - out);
  return subset;
}

template <class Real>
Network<Real> network_of(const RunSpec& plan, const DataSet<Real>& data) {
  return make_model<Real>(plan.model, data.train.shape(), data.train.classes());
}

template <class Real>
std::unique_ptr<NetworkLoss<Real>> make_network_loss(const Communicator& team, const RunSpec& plan,
                                                     const DataSet<Real>& data) {
  auto objective =
      std::make_unique<NetworkLoss<Real>>(team, network_of(plan, data), data, plan.train.loss);
  // Ghost groups lie within shards.
  const std::int64_t ghost = plan.model.ghost_size;
  constexpr std::int64_t evaluation_shard = 256;
  objective->set_shards(plan.train.shard,
                        ghost > 0 ? (evaluation_shard + ghost - 1) / ghost * ghost : 0);
  objective->limit_memory(plan.train.memory_mib << 20);
  objective->set_augmentation(plan.train.augmentation);
  objective->relabel_training(noisy_labels(plan, data.train));
  return objective;
}

template <class Real>
void read_initial(const std::string& file, Network<Real>& network, std::span<Real> w) {
  auto statistics = network.buffers();
  assign_weights(file, read_npz(file), network.parameters(), w, std::span<double>(statistics));
  network.set_buffers(statistics);
}

template <class Real>
std::vector<Real> initial_point(const RunSpec& plan, NetworkLoss<Real>& objective) {
  std::vector<Real> w(static_cast<std::size_t>(objective.dimension()));
  auto& network = objective.network();
  if (plan.train.initial.empty()) {
    network.initialise(std::span<Real>(w), plan.seed);
    return w;
  }
  const Communicator& team = objective.space().comm();
  collectively(team, [&] {
    if (team.is_root()) read_initial(plan.train.initial, network, std::span<Real>(w));
  });
  team.broadcast(std::span<Real>(w));
  auto statistics = network.buffers();
  team.broadcast(std::span<double>(statistics));
  network.set_buffers(statistics);
  return w;
}

template <class Real>
std::string point_hash(std::span<const Real> parameters, std::span<const double> statistics) {
  const auto checksum = [](auto values) {
    return block_checksum(values.data(), static_cast<std::int64_t>(values.size_bytes()));
  };
  const std::uint64_t both[2] = {checksum(parameters), checksum(statistics)};
  return fmt::format("{:016x}", checksum(std::span<const std::uint64_t>(both)));
}

template Network<float> network_of(const RunSpec&, const DataSet<float>&);
template Network<double> network_of(const RunSpec&, const DataSet<double>&);
template std::unique_ptr<NetworkLoss<float>> make_network_loss(const Communicator&, const RunSpec&,
                                                               const DataSet<float>&);
template std::unique_ptr<NetworkLoss<double>> make_network_loss(const Communicator&, const RunSpec&,
                                                                const DataSet<double>&);
template void read_initial(const std::string&, Network<float>&, std::span<float>);
template void read_initial(const std::string&, Network<double>&, std::span<double>);
template std::vector<float> initial_point(const RunSpec&, NetworkLoss<float>&);
template std::vector<double> initial_point(const RunSpec&, NetworkLoss<double>&);
template std::string point_hash(std::span<const float>, std::span<const double>);
template std::string point_hash(std::span<const double>, std::span<const double>);

}  // namespace thalweg
