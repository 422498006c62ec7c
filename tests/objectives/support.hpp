#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "objectives/network/network_loss.hpp"
#include "support/network_harness.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg::testing {

/// The mean loss over 50 small glyphs, in shards of 8, of a network from a list of layers.
template <class Real>
struct LayeredProblem {
  LayeredProblem(const Communicator& team, const ModelOptions& model)
      : data(load_data<Real>(TinyProblem<Real>::options(50), team, team)),
        objective(team, make_model<Real>(model, data.train.shape(), data.train.classes()), data,
                  LossKind::cross_entropy) {
    objective.set_shards(8, 8);
    point.resize(static_cast<std::size_t>(objective.dimension()));
    objective.network().initialise(std::span<Real>(point), 11);
    Stream stream(12, Purpose::test, 0);
    for (auto& parameter : point) parameter += static_cast<Real>(0.05 * stream.normal());
    objective.reestimate_statistics(point);
  }

  [[nodiscard]] std::vector<Real> direction(std::uint64_t index, std::size_t size) const {
    Stream stream(13, Purpose::test, index);
    std::vector<Real> v(size);
    for (auto& value : v) value = static_cast<Real>(stream.normal());
    return v;
  }
  [[nodiscard]] std::vector<Real> slice() const {
    return std::vector<Real>(static_cast<std::size_t>(objective.space().slice().size()));
  }
  std::vector<Real> hessian_vector(std::uint64_t index, Subset subset = {}) {
    auto product = slice();
    objective.hessian_vector(point, direction(index, point.size()), subset, product);
    return whole(product);
  }
  /// A whole vector on every rank.
  std::vector<Real> whole(const std::vector<Real>& own) {
    std::vector<Real> all(point.size());
    objective.space().gather(std::span<const Real>(own), std::span<Real>(all));
    return all;
  }

  DataSet<Real> data;
  NetworkLoss<Real> objective;
  std::vector<Real> point;
};

}  // namespace thalweg::testing
