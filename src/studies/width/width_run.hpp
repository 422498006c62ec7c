#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "data/data_set.hpp"
#include "models/mlp.hpp"
#include "runs/run_files.hpp"
#include "runs/study.hpp"

namespace thalweg {

/// What all runs of a width study share.
struct WidthSpec {
  MlpOptions model;        ///< NTK parametrisation; widths are set run by run
  std::int64_t depth = 2;  ///< hidden layers, each of the run's width
  std::vector<std::int64_t> widths;
  std::vector<std::int64_t> seeds;
  std::vector<std::int64_t> steps;  ///< where to compare; ascending, from 0 to the last step
  double relative_rate = .5;        ///< η over the largest stable one, 2n/λ_max(Θ)
  double checkpoint_every_s = 60.0;
};

/// One net of the study.
struct WidthRun {
  std::string name;
  std::int64_t width = 0;
  std::uint64_t seed = 0;
};

/// The infinitely wide net on the study's samples.
struct WidthLimit {
  std::vector<double> train;        ///< Θ of the training samples, n × n
  std::vector<double> cross;        ///< Θ between test and training samples, m × n
  double largest_eigenvalue = 0.0;  ///< of `train`
  double learning_rate = 0.0;       ///< of all runs
};

/// Computes Θ in float64 from the samples as they are, on every rank. Collective over `comm`.
template <class Real>
WidthLimit width_limit(const Communicator& comm, const WidthSpec& plan, const DataSet<Real>& data);

/// Trains one net of the NTK parametrisation by full-batch gradient descent on the squared loss,
/// and compares it at the plan's steps with two predictions that start from its own outputs f_0:
/// the infinitely wide kernel Θ's, and that of the net linearised at its start (Jacot et al. 2018;
/// Lee et al. 2019), both in closed form. Leaves its record, or a checkpoint when interrupted. Same
/// bits on any team. Memory: (n·O)² · 50 bytes and four times the parameters. Collective over
/// `team`.
template <class Real>
RunOutcome run_width(const Communicator& team, const WidthSpec& plan, const WidthRun& run,
                     const WidthLimit& limit, const DataSet<Real>& data, const RunFiles& files,
                     const StudyContext& context, const Log& log);

}  // namespace thalweg
