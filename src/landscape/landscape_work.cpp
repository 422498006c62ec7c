#include "landscape/landscape_work.hpp"

#include "records/schema.hpp"
#include "runs/recorded_study.hpp"

namespace thalweg {

template <class Real>
Snapshot<Real> final_point(const Landscape<Real>& landscape, const std::string& run) {
  const Communicator& world = landscape.context.world;
  std::int64_t last = 0;
  collectively(world, [&] {
    if (world.is_root()) last = stored_points(landscape.runs_folder, run).last;
  });
  world.broadcast(std::span(&last, 1));
  return read_point<Real>(world, landscape.runs_folder, run, last);
}

template <class Real>
bool has_diverged(const Landscape<Real>& landscape, const std::string& run) {
  const Communicator& world = landscape.context.world;
  bool diverged = false;
  collectively(world, [&] {
    if (!world.is_root()) return;
    diverged = stored_points(landscape.runs_folder, run).status == kDiverged;
  });
  return world.any(diverged);
}

template Snapshot<float> final_point(const Landscape<float>&, const std::string&);
template Snapshot<double> final_point(const Landscape<double>&, const std::string&);
template bool has_diverged(const Landscape<float>&, const std::string&);
template bool has_diverged(const Landscape<double>&, const std::string&);

}  // namespace thalweg
