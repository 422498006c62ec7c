#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/data_set.hpp"
#include "objectives/network/network_loss.hpp"
#include "runs/run_settings.hpp"

namespace thalweg {

/// The training samples that a run takes its steps on, in the form objectives understand: empty
/// where they are all of them. Local.
std::vector<std::int64_t> training_subset(const TrainOptions& train, std::int64_t samples);

/// The training samples held out. Local.
std::vector<std::int64_t> validation_subset(const TrainOptions& train, std::int64_t samples);

/// The network that a run trains. Local. Throws ConfigurationError where its layers do not fit
/// the data.
template <class Real>
Network<Real> network_of(const RunSpec& plan, const DataSet<Real>& data);

/// A network loss as a run's plan describes it, on the labels that the plan gives the training
/// samples.
template <class Real>
std::unique_ptr<NetworkLoss<Real>> make_network_loss(const Communicator& team, const RunSpec& plan,
                                                     const DataSet<Real>& data);

/// Where a run begins: its initial parameters, drawn by its seed or read from [train] initial,
/// whole on every rank. The objective's network gets the running statistics that go with them.
/// Collective over the objective's team.
template <class Real>
std::vector<Real> initial_point(const RunSpec& plan, NetworkLoss<Real>& objective);

/// Reads [train] initial for a network. Local. Throws ConfigurationError where the file is broken
/// or does not fit.
template <class Real>
void read_initial(const std::string& file, Network<Real>& network, std::span<Real> w);

/// Checksum of parameters and running statistics, as 16 hexadecimal digits. Local.
template <class Real>
std::string point_hash(std::span<const Real> parameters, std::span<const double> statistics);

}  // namespace thalweg
