#pragma once

#include "data/data_set.hpp"
#include "runs/run_settings.hpp"

namespace thalweg {

/// What a run asks of the data, of its network and of this node's memory, before anything is begun:
/// layers that fit the samples, images to augment, batches of which batch norm can take variances,
/// samples for its probes. Throws ConfigurationError that names the run. Local.
template <class Real>
void check_run(const RunSpec& run, const DataSet<Real>& data);

/// What of this can be told before the data are there, from the precision (`wide`: float64) and
/// from [data] train and test, each -1 where the file says how many: batches, rates and samples for
/// probes. Throws ConfigurationError that names the run. Local.
void check_before_data(const RunSpec& run, bool wide, std::int64_t train, std::int64_t test);

/// Reads [train] initial, if the run has one, and throws ConfigurationError that names the run
/// where the file is broken or does not fit its network. Local: one rank asks.
template <class Real>
void check_initial(const RunSpec& run, const DataSet<Real>& data);

/// No batch, and none of its ghost groups, may be a single sample, of which batch norm takes no
/// variance; `training` of the `samples` are not held out. Local. Throws ConfigurationError.
void check_batches(const RunSpec& run, std::int64_t samples, std::int64_t training);

/// Are batches and rates such that a run of so many samples can have them? Local. Throws
/// ConfigurationError.
void check_schedule(const RunSpec& run, std::int64_t samples);

/// Throws ConfigurationError where a network has residual blocks: exchanging or scaling the units
/// of one layer would change what is added to it. Local.
void check_chain_of_layers(const ModelOptions& model);

/// Throws ConfigurationError where the parameters of these runs are not of the same shapes; `who`
/// asks for it. Local.
template <class Real>
void check_same_network(const std::string& who, const std::vector<std::string>& names,
                        const std::vector<RunSpec>& runs, const DataSet<Real>& data);

}  // namespace thalweg
