#include "runs/stored_weights.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "models/weights.hpp"
#include "runs/recorded_study.hpp"
#include "runs/run_network.hpp"

namespace thalweg {

namespace {

template <class Real>
void write_point(const WeightsRequest& request, const RecordedStudy& study, const RunSpec& plan,
                 const Communicator& world, std::int64_t step) {
  // Layers depend on the samples' shape and classes.
  const auto data = load_recorded_data<Real>(study, world, world);
  const auto point = read_point<Real>(world, study.folder, plan.name, step);
  collectively(world, [&] {
    if (!world.is_root()) return;
    write_npz(request.file,
              named_weights(network_of(plan, data).parameters(),
                            std::span<const Real>(point.parameters), point.statistics));
  });
}

}  // namespace

ExitCode write_weights(const WeightsRequest& request, const Communicator& world, const Log& log) {
  const auto study = open_recorded_study(world, request.folder);
  std::int64_t step = 0;
  collectively(world, [&] {
    const RunSpec& plan = study.run(request.run);
    if (!world.is_root()) return;
    if (!request.file.ends_with(".npz")) {
      throw ConfigurationError(fmt::format("{}: expected a name that ends in .npz", request.file));
    }
    if (!request.force && std::filesystem::exists(request.file)) {
      throw ConfigurationError(request.file + ": is there already; --force replaces it");
    }
    if (request.at == "all") {
      throw ConfigurationError("--at all: a file holds one point; expected final or a step");
    }
    step = chosen_steps(request.at, plan.name, stored_points(study.folder, plan.name)).front();
  });
  world.broadcast(std::span(&step, 1));
  const RunSpec& plan = study.run(request.run);
  if (study.wide) {
    write_point<double>(request, study, plan, world, step);
  } else {
    write_point<float>(request, study, plan, world, step);
  }
  if (world.is_root()) {
    log.info(fmt::format("{}: run {} after {} steps", request.file, plan.name, step));
  }
  return ExitCode::done;
}

}  // namespace thalweg
