#include "studies/ground.hpp"

#include <algorithm>

#include "records/record.hpp"
#include "records/schema.hpp"

namespace thalweg {

template <class Real>
const RunPlan& Ground<Real>::run_named(const std::string& name) const {
  return *std::find_if(runs.begin(), runs.end(),
                       [&](const RunPlan& candidate) { return candidate.name == name; });
}

namespace {

template <class T>
void send_to_all(const Communicator& world, std::vector<T>& values) {
  auto size = static_cast<std::int64_t>(values.size());
  world.broadcast(std::span(&size, 1));
  values.resize(static_cast<std::size_t>(size));
  world.broadcast(std::span<T>(values));
}

}  // namespace

template <class Real>
StoredPoint<Real> final_point(const Ground<Real>& ground, const std::string& run) {
  const Communicator& world = ground.context.world;
  StoredPoint<Real> point;
  collectively(world, [&] {
    if (!world.is_root()) return;
    const auto record = read_record(files_of(ground.runs_folder, run).record);
    point.parameters = std::get<std::vector<Real>>(record.arrays.at("/parameters/final").values);
    point.running_statistics =
        std::get<std::vector<double>>(record.arrays.at("/parameters/running_statistics").values);
  });
  send_to_all(world, point.parameters);
  send_to_all(world, point.running_statistics);
  return point;
}

template <class Real>
bool has_diverged(const Ground<Real>& ground, const std::string& run) {
  const Communicator& world = ground.context.world;
  bool diverged = false;
  collectively(world, [&] {
    if (!world.is_root()) return;
    const auto record = read_record(files_of(ground.runs_folder, run).record);
    diverged = std::get<std::string>(record.attributes.at("status")) == kDiverged;
  });
  return world.any(diverged);
}

template struct Ground<float>;
template struct Ground<double>;
template StoredPoint<float> final_point(const Ground<float>&, const std::string&);
template StoredPoint<double> final_point(const Ground<double>&, const std::string&);
template bool has_diverged(const Ground<float>&, const std::string&);
template bool has_diverged(const Ground<double>&, const std::string&);

}  // namespace thalweg
