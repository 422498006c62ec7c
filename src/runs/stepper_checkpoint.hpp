#pragma once

#include <cstdint>
#include <vector>

#include "optimizers/stepper.hpp"
#include "records/record.hpp"

namespace thalweg {

/// What an optimiser remembers, as checkpoints hold it: whole vectors in place of slices.
template <class Real>
struct StepperState {
  std::int64_t steps = 0;
  std::vector<double> numbers;
  std::vector<std::vector<Real>> vectors;
};

/// Collective over the space's team: gathers the state on every rank.
template <class Real>
[[nodiscard]] StepperState<Real> stepper_state(const VectorSpace& space, Stepper<Real>& stepper);

/// Adds a state to a checkpoint. Local.
template <class Real>
void write_stepper(Record& checkpoint, const StepperState<Real>& state);

/// The state that write_stepper left, of an optimiser with as many vectors. Local.
template <class Real>
[[nodiscard]] StepperState<Real> read_stepper(const Record& checkpoint, Stepper<Real>& stepper);

/// Gives every rank's optimiser its part of the root's state, those of the others being of no
/// matter. Collective over the space's team.
template <class Real>
void restore_stepper(const VectorSpace& space, StepperState<Real> state, Stepper<Real>& stepper);

}  // namespace thalweg
