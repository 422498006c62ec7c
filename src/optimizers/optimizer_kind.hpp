#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "optimizers/optimizer.hpp"
#include "optimizers/parameter_blocks.hpp"
#include "settings/kind.hpp"

namespace thalweg {

/// What an optimiser moves: the parameters of a space, in blocks, and how these decay.
struct OptimizedParameters {
  const VectorSpace& space;
  std::vector<ParameterBlock> blocks;  ///< complete
  double weight_decay = 0.0;
  bool decay_normalisation = true;

  /// Numbers of this rank's slice. Local.
  [[nodiscard]] std::size_t slice_size() const {
    return static_cast<std::size_t>(space.slice().size());
  }
  /// The slice, cut where the decay changes. Local.
  [[nodiscard]] std::vector<DecayStretch> stretches() const {
    return decay_stretches(blocks, space.slice(), weight_decay, decay_normalisation);
  }
};

/// An optimiser, made of the values of its keys for the parameters that it moves, in float32 or
/// float64. Local.
struct OptimizerKind : KindText {
  template <class Real>
  using Make = std::function<std::unique_ptr<Optimizer<Real>>(const Values& values,
                                                              const OptimizedParameters& moved)>;

  double learning_rate = 0.0;  ///< the usual one
  /// Neither there: its step is not made of one gradient, which could be clipped, but follows the
  /// flow; see FlowStep.
  std::pair<Make<float>, Make<double>> make;
  /// See OptimizerOptions::stability_threshold; none where there is no such number.
  std::function<double(const Values& values, double learning_rate)> threshold;

  [[nodiscard]] bool is_flow() const { return make.second == nullptr; }
  /// Of its own, without those that all take. Local.
  [[nodiscard]] bool takes(const std::string& key) const;
};

/// How a class template of optimisers is made, in either precision.
template <template <class> class Made>
std::pair<OptimizerKind::Make<float>, OptimizerKind::Make<double>> made_in_both() {
  return {[](const Values& values, const OptimizedParameters& moved) {
            return std::make_unique<Made<float>>(values, moved);
          },
          [](const Values& values, const OptimizedParameters& moved) {
            return std::make_unique<Made<double>>(values, moved);
          }};
}

/// Keys that several take, with the usual value of each.
Key momentum_key(double usual);
Key epsilon_key(double usual);
Key smoothing_key(double usual);
Key weight_decay_key(double usual);

/// All there are. Defaults as in PyTorch, lars as in its paper. A further one is a file in
/// first_order/ and a row here.
const std::vector<OptimizerKind>& optimizer_kinds();
/// Throws ConfigurationError for an unknown type.
const OptimizerKind& optimizer_kind(const std::string& type);

}  // namespace thalweg
