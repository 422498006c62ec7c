#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace thalweg {

/// Sample numbers of two disjoint parts of a set.
struct UciPair {
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> test;
};

/// A set of the collection of Fernández-Delgado et al. (2014, JMLR 15).
struct UciSet {
  std::string name;  ///< of its folder
  std::int64_t features = 0;
  std::int64_t classes = 0;
  std::vector<double> rows;  ///< samples × features
  std::vector<std::int32_t> labels;
  /// conxuntos.dat: the halves on which hyperparameters are tuned.
  UciPair tuning;
  /// conxuntos_kfold.dat: four pairs, which are random hold-outs of a quarter, not a partition:
  /// their test parts overlap.
  std::array<UciPair, 4> hold_outs;

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
};

/// Of all its numbers and parts, against sets that change under a study. Local.
[[nodiscard]] std::uint64_t checksum_of(const UciSet& set);

/// Reads a set's folder: NAME_R.dat (NAME the folder's; else the only *_R.dat there), conxuntos.dat
/// and conxuntos_kfold.dat. Local. Throws ConfigurationError naming file and line.
UciSet read_uci_set(const std::string& folder);

/// The folders below `folder` that hold a set, in ascending order of their names. Local. Throws
/// ConfigurationError if there is none.
std::vector<std::string> uci_set_names(const std::string& folder);

}  // namespace thalweg
