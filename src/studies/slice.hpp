#pragma once

#include <string>
#include <vector>

#include "records/record.hpp"
#include "studies/run_network.hpp"

namespace thalweg {

/// Losses and accuracies along the line between two runs' final parameters.
struct Slice {
  SlicePlan plan;
  std::vector<double> alpha;
  std::vector<double> train_loss;
  std::vector<double> train_accuracy;
  std::vector<double> test_loss;
  std::vector<double> test_accuracy;

  /// Adds /slices/NAME to a study's record.
  void write_to(Record& record) const;
};

/// α x_to + (1 − α) x_from at equally spaced α, the end points exact (Goodfellow et al. 2015;
/// Keskar et al.). Batch norm's statistics are taken anew from the whole training set at every
/// point: the running averages of neither end belong to it. Points are dealt out to the teams;
/// every rank of `world` gets all values. `network_of` is the plan of a run of that network.
/// Collective over world.
template <class Real>
Slice slice_between(const Communicator& world, const Communicator& team, std::int64_t team_index,
                    std::int64_t teams, const SlicePlan& plan, const RunPlan& network_of,
                    const DataSet<Real>& data, std::span<const Real> from,
                    std::span<const Real> to);

}  // namespace thalweg
