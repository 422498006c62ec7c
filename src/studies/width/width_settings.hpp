#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/data_options.hpp"
#include "data/data_set.hpp"
#include "runs/study.hpp"
#include "settings/key.hpp"
#include "studies/width/width_run.hpp"

namespace thalweg {

/// All that a width study's settings say.
struct WidthStudySpec {
  WidthSpec plan;
  DataOptions data;
  bool wide = false;  ///< float64
};

/// Reads [data], [model], [sweep] and [train] for so many ranks. Local. Throws ConfigurationError.
WidthStudySpec read_width_study(const Settings& settings, const StudyHeader& header, int ranks);

/// The keys of [train] of kind width, but for precision. Local.
const std::vector<Key>& width_train_keys();

/// Every width with every seed. Local.
std::vector<WidthRun> width_runs(const WidthSpec& plan);

/// What runs are dealt out by: parameters, and a tax for what a net of any width costs. Local.
std::vector<double> width_costs(const std::vector<WidthRun>& runs, const WidthSpec& plan,
                                std::int64_t features);

/// Throws ConfigurationError, naming the study's file, where samples times classes are more than
/// one rank decomposes. Local.
template <class Real>
void require_few_pairs(const DataSplit<Real>& train, const std::string& study_file);

}  // namespace thalweg
