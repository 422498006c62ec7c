#include "runs/run_checkpoint.hpp"

#include <optional>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "records/checkpoint.hpp"
#include "runs/snapshots.hpp"
#include "runs/stepper_checkpoint.hpp"

namespace thalweg {

namespace {

template <class T>
const T& checkpoint_attribute(const Record& record, const char* name) {
  return std::get<T>(record.attributes.at(name));
}

template <class T>
const std::vector<T>& checkpoint_values(const Record& record, const std::string& name) {
  return std::get<std::vector<T>>(record.arrays.at(name).values);
}

}  // namespace

template <class Real>
void save_run(const VectorSpace& space, const std::string& file, RunParts<Real> parts,
              double elapsed_s) {
  const Communicator& team = space.comm();
  // Every rank takes part in gathering the optimiser's slices; the root alone writes.
  const auto state = stepper_state(space, parts.stepper);
  collectively(team, [&] {
    if (!team.is_root()) return;
    Record checkpoint;
    checkpoint.attributes["schema"] = "thalweg/checkpoint";
    checkpoint.attributes["step"] = parts.progress.step;
    checkpoint.attributes["samples"] = parts.progress.samples;
    checkpoint.attributes["elapsed_s"] = elapsed_s;
    checkpoint.attributes["status"] = parts.progress.status;
    parts.record.write_to(checkpoint);
    list_snapshots(checkpoint, parts.progress.snapshots);
    checkpoint.column("/parameters/current", parts.w, "parameter", "1", "parameters");
    checkpoint.column("/parameters/running_statistics", parts.statistics, "statistic", "1",
                      "running statistics of batch norm");
    write_stepper(checkpoint, state);
    write_checkpoint(file, checkpoint);
  });
}

template <class Real>
bool resume_run(const VectorSpace& space, const std::string& file, RunParts<Real> parts,
                double& earlier_s, const Log& log) {
  const Communicator& team = space.comm();
  std::optional<Record> checkpoint;
  StepperState<Real> state;
  std::int64_t facts[4] = {0, 0, 0, 0};  // what all ranks need before the arrays
  auto& progress = parts.progress;
  collectively(team, [&] {
    if (!team.is_root()) return;
    checkpoint = resume_checkpoint(file, log);
    if (!checkpoint) return;
    progress.snapshots = snapshot_steps(*checkpoint);
    progress.status = checkpoint_attribute<std::string>(*checkpoint, "status");
    facts[0] = 1;
    facts[1] = checkpoint_attribute<std::int64_t>(*checkpoint, "step");
    facts[2] = checkpoint_attribute<std::int64_t>(*checkpoint, "samples");
    facts[3] = static_cast<std::int64_t>(progress.snapshots.size());
    earlier_s = checkpoint_attribute<double>(*checkpoint, "elapsed_s");
    parts.record.read_from(*checkpoint);
    parts.w = checkpoint_values<Real>(*checkpoint, "/parameters/current");
    state = read_stepper(*checkpoint, parts.stepper);
  });
  team.broadcast(std::span<std::int64_t>(facts));
  if (facts[0] == 0) return false;
  progress.status = team.broadcast(progress.status);
  progress.step = facts[1];
  progress.samples = facts[2];
  progress.snapshots.resize(static_cast<std::size_t>(facts[3]));
  team.broadcast(std::span(progress.snapshots));
  team.broadcast(std::span<Real>(parts.w));
  if (team.is_root()) {
    parts.statistics = checkpoint_values<double>(*checkpoint, "/parameters/running_statistics");
  }
  team.broadcast(std::span<double>(parts.statistics));
  restore_stepper(space, std::move(state), parts.stepper);
  // Ranks other than the root keep no rows, but all must agree on the last one.
  if (!team.is_root()) parts.record.add(TrajectoryPoint{});
  return true;
}

template void save_run(const VectorSpace&, const std::string&, RunParts<float>, double);
template void save_run(const VectorSpace&, const std::string&, RunParts<double>, double);
template bool resume_run(const VectorSpace&, const std::string&, RunParts<float>, double&,
                         const Log&);
template bool resume_run(const VectorSpace&, const std::string&, RunParts<double>, double&,
                         const Log&);

}  // namespace thalweg
