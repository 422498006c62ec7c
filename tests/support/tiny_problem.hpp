#pragma once

#include "data/data_set.hpp"
#include "models/mlp.hpp"
#include "objectives/network/network_loss.hpp"

namespace thalweg::testing {

/// A small network on small glyphs, in float64 or float32, over any communicator.
template <class Real>
struct TinyProblem {
  explicit TinyProblem(const Communicator& team, BatchNormKind norm = BatchNormKind::batch,
                       LossKind loss = LossKind::cross_entropy,
                       std::vector<std::int64_t> widths = {12, 9}, std::int64_t train = 50,
                       std::int64_t shard = 8)
      : data(load_data<Real>(options(train), team, team)),
        objective(team, network(data, norm, std::move(widths)), data, loss) {
    objective.set_shards(shard, shard);
    point.resize(static_cast<std::size_t>(objective.dimension()));
    objective.network().initialise(std::span<Real>(point), 11);
    // Away from the symmetric start: norms' scales and all biases differ from 1 and 0.
    Stream stream(12, Purpose::test, 0);
    for (auto& parameter : point) parameter += static_cast<Real>(0.05 * stream.normal());
  }

  static DataOptions options(std::int64_t train) {
    DataOptions chosen;
    chosen.train = train;
    chosen.test = 20;
    chosen.image_size = 8;
    chosen.seed = 4;
    return chosen;
  }

  static Network<Real> network(const DataSet<Real>& data, BatchNormKind norm,
                               std::vector<std::int64_t> widths) {
    MlpOptions mlp;
    mlp.inputs = data.train.features();
    mlp.outputs = data.train.classes();
    mlp.widths = std::move(widths);
    mlp.batch_norm = norm;
    mlp.ghost_size = 4;
    return make_mlp<Real>(mlp);
  }

  /// The whole gradient or product on every rank.
  std::vector<Real> gradient(Subset subset = {}) {
    std::vector<Real> slice(static_cast<std::size_t>(objective.space().slice().size()));
    value = objective.gradient(point, subset, slice);
    return whole(slice);
  }
  std::vector<Real> hessian_vector(std::span<const Real> v, Subset subset = {}) {
    std::vector<Real> slice(static_cast<std::size_t>(objective.space().slice().size()));
    objective.hessian_vector(point, v, subset, slice);
    return whole(slice);
  }
  std::vector<Real> whole(std::span<const Real> slice) {
    std::vector<Real> all(static_cast<std::size_t>(objective.dimension()));
    objective.space().gather(slice, std::span(all));
    return all;
  }

  DataSet<Real> data;
  NetworkLoss<Real> objective;
  std::vector<Real> point;
  double value = 0.0;
};

}  // namespace thalweg::testing
