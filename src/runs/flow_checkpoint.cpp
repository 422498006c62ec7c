#include "runs/flow_checkpoint.hpp"

#include <array>
#include <utility>
#include <vector>

namespace thalweg {

namespace {

constexpr std::array<std::pair<const char*, double FlowState::*>, 5> kStateNumbers{{
    {"time", &FlowState::time},
    {"previous_time", &FlowState::previous_time},
    {"value", &FlowState::value},
    {"next_step", &FlowState::next_step},
    {"control_error", &FlowState::control_error},
}};
constexpr std::array<std::pair<const char*, std::int64_t FlowCounts::*>, 4> kCounts{{
    {"accepted", &FlowCounts::accepted},
    {"rejected", &FlowCounts::rejected},
    {"evaluations", &FlowCounts::evaluations},
    {"stiff", &FlowCounts::stiff},
}};
constexpr std::array<std::pair<const char*, std::vector<double> FlowState::*>, 5> kVectors{{
    {"/flow/point", &FlowState::point},
    {"/flow/derivative", &FlowState::derivative},
    {"/flow/previous_point", &FlowState::previous_point},
    {"/flow/previous_derivative", &FlowState::previous_derivative},
    {"/flow/bend", &FlowState::bend},
}};

}  // namespace

void write_flow(Record& checkpoint, const FlowState& state) {
  for (const auto& [name, field] : kStateNumbers) checkpoint.attributes[name] = state.*field;
  for (const auto& [name, field] : kCounts) checkpoint.attributes[name] = state.counts.*field;
  checkpoint.attributes["stiffness"] = state.counts.stiffness;
  for (const auto& [path, field] : kVectors) {
    checkpoint.column(path, state.*field, "parameter", "1", "state of the flow");
  }
}

void write_flow_counts(Record& record, const FlowCounts& counts) {
  const auto put = [&](const char* name, std::int64_t count, const char* meaning) {
    record.scalar(std::string("/flow/") + name, static_cast<double>(count), "1", meaning);
  };
  put("accepted", counts.accepted, "steps of the integrator");
  put("rejected", counts.rejected, "steps that were tried again");
  put("evaluations", counts.evaluations, "gradients");
  put("stiff", counts.stiff, "accepted steps at the bound of stability");
}

FlowState read_flow_state(const Record& checkpoint) {
  FlowState state;
  for (const auto& [name, field] : kStateNumbers) {
    state.*field = std::get<double>(checkpoint.attributes.at(name));
  }
  for (const auto& [name, field] : kCounts) {
    state.counts.*field = std::get<std::int64_t>(checkpoint.attributes.at(name));
  }
  state.counts.stiffness = std::get<double>(checkpoint.attributes.at("stiffness"));
  for (const auto& [path, field] : kVectors) {
    state.*field = std::get<std::vector<double>>(checkpoint.arrays.at(path).values);
  }
  return state;
}

void share_flow(const Communicator& team, FlowState& state, std::size_t dimension) {
  std::array<double, kStateNumbers.size() + 1> numbers{};
  std::array<std::int64_t, kCounts.size()> counts{};
  for (std::size_t i = 0; i < kStateNumbers.size(); ++i)
    numbers[i] = state.*kStateNumbers[i].second;
  numbers.back() = state.counts.stiffness;
  for (std::size_t i = 0; i < kCounts.size(); ++i) counts[i] = state.counts.*kCounts[i].second;
  team.broadcast(std::span<double>(numbers));
  team.broadcast(std::span<std::int64_t>(counts));
  for (std::size_t i = 0; i < kStateNumbers.size(); ++i)
    state.*kStateNumbers[i].second = numbers[i];
  state.counts.stiffness = numbers.back();
  for (std::size_t i = 0; i < kCounts.size(); ++i) state.counts.*kCounts[i].second = counts[i];
  for (const auto& [path, field] : kVectors) {
    (state.*field).resize(dimension);
    team.broadcast(std::span<double>(state.*field));
  }
}

}  // namespace thalweg
