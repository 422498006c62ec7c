#include "runs/stepper_checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

namespace thalweg {

namespace {

constexpr const char* kOptimizerSteps = "optimizer_steps";
constexpr const char* kOptimizerNumbers = "/optimizer/numbers";

std::string vector_name(std::size_t k) {
  return fmt::format("/optimizer/state{}", k);
}

}  // namespace

template <class Real>
StepperState<Real> stepper_state(const VectorSpace& space, Stepper<Real>& stepper) {
  StepperState<Real> state{stepper.steps(), stepper.numbers(), {}};
  for (const auto slice : stepper.state()) {
    state.vectors.emplace_back(static_cast<std::size_t>(space.dimension()));
    space.gather(std::span<const Real>(slice), std::span(state.vectors.back()));
  }
  return state;
}

template <class Real>
void write_stepper(Record& checkpoint, const StepperState<Real>& state) {
  checkpoint.attributes[kOptimizerSteps] = state.steps;
  if (!state.numbers.empty()) {
    checkpoint.column(kOptimizerNumbers, state.numbers, "optimizer_number", "1", "optimiser state");
  }
  for (std::size_t k = 0; k < state.vectors.size(); ++k) {
    checkpoint.column(vector_name(k), state.vectors[k], "parameter", "1", "optimiser state");
  }
}

template <class Real>
StepperState<Real> read_stepper(const Record& checkpoint, Stepper<Real>& stepper) {
  StepperState<Real> state;
  state.steps = std::get<std::int64_t>(checkpoint.attributes.at(kOptimizerSteps));
  if (!stepper.numbers().empty()) {
    state.numbers = std::get<std::vector<double>>(checkpoint.arrays.at(kOptimizerNumbers).values);
  }
  for (std::size_t k = 0; k < stepper.state().size(); ++k) {
    state.vectors.push_back(
        std::get<std::vector<Real>>(checkpoint.arrays.at(vector_name(k)).values));
  }
  return state;
}

template <class Real>
void restore_stepper(const VectorSpace& space, StepperState<Real> state, Stepper<Real>& stepper) {
  const Communicator& team = space.comm();
  team.broadcast(std::span(&state.steps, 1));
  stepper.set_steps(state.steps);
  state.numbers.resize(stepper.numbers().size());
  team.broadcast(std::span<double>(state.numbers));
  stepper.set_numbers(state.numbers);
  const auto slices = stepper.state();
  state.vectors.resize(slices.size());
  for (std::size_t k = 0; k < slices.size(); ++k) {
    state.vectors[k].resize(static_cast<std::size_t>(space.dimension()));
    team.broadcast(std::span<Real>(state.vectors[k]));
    const auto mine = space.slice_of(std::span<const Real>(state.vectors[k]));
    std::copy(mine.begin(), mine.end(), slices[k].begin());
  }
}

template StepperState<float> stepper_state(const VectorSpace&, Stepper<float>&);
template StepperState<double> stepper_state(const VectorSpace&, Stepper<double>&);
template void write_stepper(Record&, const StepperState<float>&);
template void write_stepper(Record&, const StepperState<double>&);
template StepperState<float> read_stepper(const Record&, Stepper<float>&);
template StepperState<double> read_stepper(const Record&, Stepper<double>&);
template void restore_stepper(const VectorSpace&, StepperState<float>, Stepper<float>&);
template void restore_stepper(const VectorSpace&, StepperState<double>, Stepper<double>&);

}  // namespace thalweg
