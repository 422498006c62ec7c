#include "runs/recorded_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <utility>

#include "base/checksum.hpp"
#include "data/data_settings.hpp"
#include "records/record_file.hpp"
#include "records/schema.hpp"
#include "runs/beginning.hpp"
#include "runs/run_files.hpp"
#include "runs/run_network.hpp"
#include "runs/study_part.hpp"
#include "runs/train_settings.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

template <class T>
T attribute(const RecordFile& file, const std::string& name) {
  const auto found = file.attributes().find(name);
  const T* value = found == file.attributes().end() ? nullptr : std::get_if<T>(&found->second);
  if (value == nullptr) throw Error(fmt::format("{}: no root attribute {}", file.path(), name));
  return *value;
}

template <class T>
std::vector<T> values_of(const RecordFile& file, const std::string& name) {
  if (!file.arrays().contains(name)) {
    throw Error(fmt::format("{}: no dataset {}", file.path(), name));
  }
  ArrayValues values = file.read(name).values;
  auto* typed = std::get_if<std::vector<T>>(&values);
  if (typed == nullptr) throw Error(fmt::format("{}: {} is of another type", file.path(), name));
  return std::move(*typed);
}

/// What study.h5 tells all ranks.
struct Sealed {
  std::string config;
  std::string data_hash;
  std::map<std::string, double> rates;  ///< group → learning rate that its trials chose
};

Sealed read_sealed(const std::string& folder) {
  const fs::path path = fs::path(folder) / "study.h5";
  if (!fs::exists(path)) {
    throw ConfigurationError(
        fs::exists(fs::path(folder) / "config.toml")
            ? fmt::format("{}: an unfinished study: `thalweg run STUDY.toml -o {} --resume` first",
                          folder, folder)
            : fmt::format("{}: holds no study.h5, expected the folder of a study", folder));
  }
  const RecordFile file(path.string());
  const auto kind = attribute<std::string>(file, "kind");
  // The last two have a summary where they made their runs themselves.
  const bool has_runs = file.groups().contains("/summary") &&
                        (kind == "trajectories" || kind == "surface" || kind == "connection");
  if (!has_runs) {
    throw ConfigurationError(fmt::format(
        "{}: a study of kind \"{}\" without runs that store parameters, expected one with such "
        "runs, of kind \"trajectories\" say",
        folder, kind));
  }
  if (!file.attributes().contains("data_hash")) {
    throw ConfigurationError(
        fmt::format("{}: runs on an [objective] without data, expected runs of networks", folder));
  }
  Sealed sealed{attribute<std::string>(file, "config_resolved"),
                attribute<std::string>(file, "data_hash"),
                {}};
  if (!file.arrays().contains("/tune/chosen")) return sealed;
  const auto groups = values_of<std::string>(file, "/tune/group");
  const auto rates = values_of<double>(file, "/tune/learning_rate");
  const auto chosen = values_of<std::uint8_t>(file, "/tune/chosen");
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (chosen[i] != 0) sealed.rates[groups[i]] = rates[i];
  }
  return sealed;
}

RecordedStudy read_plans(const std::string& folder, const std::string& config) {
  RecordedStudy study;
  study.folder = folder;
  const Settings settings = Settings::parse(config, folder + "/study.h5");
  study.header = read_study_header(settings, folder);
  const auto seed = static_cast<std::uint64_t>(study.header.seed);
  study.data = data_options(settings.table("data"), seed);
  const auto runs = read_run_specs(settings, seed);
  study.runs = read_study_part(settings, runs.size()).of(runs);
  study.wide = is_wide(settings.table("train"));
  return study;
}

std::string steps_text(const StoredPoints& points) {
  std::string text;
  for (const auto step : points.snapshots) text += fmt::format("{}, ", step);
  if (points.snapshots.empty() || points.snapshots.back() != points.last) {
    text += fmt::format("{}, ", points.last);
  }
  return text.substr(0, text.size() - 2);
}

}  // namespace

const RunSpec& RecordedStudy::run(const std::string& name) const {
  const auto found = std::find_if(runs.begin(), runs.end(),
                                  [&](const RunSpec& plan) { return plan.name == name; });
  if (found != runs.end()) return *found;
  std::string known;
  for (const auto& plan : runs) known += (known.empty() ? "" : ", ") + plan.name;
  throw ConfigurationError(
      fmt::format("{}: no run is called '{}'; there are: {}", folder, name, known));
}

RecordedStudy open_recorded_study(const Communicator& world, const std::string& folder) {
  std::string place = folder;
  if (fs::path(folder).filename() == "study.h5") {
    place = fs::path(folder).has_parent_path() ? fs::path(folder).parent_path().string() : ".";
  }
  Sealed sealed;
  collectively(world, [&] {
    if (world.is_root()) sealed = read_sealed(place);
  });
  sealed.config = world.broadcast(sealed.config);
  RecordedStudy study;
  collectively(world, [&] { study = read_plans(place, sealed.config); });
  study.data_hash = world.broadcast(sealed.data_hash);
  study.configuration_hash = hexadecimal(
      block_checksum(sealed.config.data(), static_cast<std::int64_t>(sealed.config.size())));
  std::vector<double> rates;
  for (const auto& run : study.runs) {
    const auto tuned = sealed.rates.find(run.group);
    rates.push_back(tuned == sealed.rates.end() ? run.learning_rate : tuned->second);
  }
  world.broadcast(std::span(rates));
  for (std::size_t i = 0; i < rates.size(); ++i) study.runs[i].learning_rate = rates[i];
  return study;
}

template <class Real>
DataSet<Real> load_recorded_data(const RecordedStudy& study, const Communicator& world,
                                 const Communicator& team) {
  auto data = load_data<Real>(study.data, world, team);
  const auto hash = fmt::format("{:016x}", data.hash);
  collectively(world, [&] {
    if (hash == study.data_hash) return;
    throw ConfigurationError(fmt::format(
        "{}: the data are not those the runs were trained on: {} (hash {}, recorded {})",
        study.folder, data.description, hash, study.data_hash));
  });
  return data;
}

StoredPoints stored_points(const std::string& folder, const std::string& run) {
  const RecordFile file(files_of(folder, run).record);
  StoredPoints points;
  points.status = attribute<std::string>(file, "status");
  points.start_hash = attribute<std::string>(file, "start_hash");
  points.last = values_of<std::int64_t>(file, "/trajectory/step").back();
  if (file.arrays().contains(kSnapshotSteps)) {
    points.snapshots = values_of<std::int64_t>(file, kSnapshotSteps);
  }
  return points;
}

std::vector<std::int64_t> chosen_steps(const std::string& at, const std::string& run,
                                       const StoredPoints& points) {
  if (at == "final") return {points.last};
  if (at == "all") {
    if (points.snapshots.empty()) {
      throw ConfigurationError(
          fmt::format("--at all: run {} has no snapshots ([train] snapshot_every_epochs or "
                      "snapshot_every_steps); --at final measures at its end",
                      run));
    }
    auto steps = points.snapshots;
    if (steps.back() != points.last) steps.push_back(points.last);
    return steps;
  }
  std::int64_t step = -1;
  const auto parsed = std::from_chars(at.data(), at.data() + at.size(), step);
  if (parsed.ec != std::errc() || parsed.ptr != at.data() + at.size()) {
    throw ConfigurationError(
        fmt::format("--at {}: expected final, all or the step of a stored point", at));
  }
  if (step != points.last &&
      std::count(points.snapshots.begin(), points.snapshots.end(), step) == 0) {
    throw ConfigurationError(fmt::format("--at {}: run {} has no point there; stored are {}", at,
                                         run, steps_text(points)));
  }
  return {step};
}

template <class Real>
Snapshot<Real> read_point(const Communicator& team, const std::string& folder,
                          const std::string& run, std::int64_t step) {
  Snapshot<Real> point;
  collectively(team, [&] {
    if (!team.is_root()) return;
    const RecordFile file(files_of(folder, run).record);
    if (step != values_of<std::int64_t>(file, "/trajectory/step").back()) {
      point = read_snapshot<Real>(snapshot_file(folder, run, step));
      return;
    }
    point = {step, values_of<double>(file, "/trajectory/epoch").back(),
             values_of<Real>(file, "/parameters/final"),
             values_of<double>(file, "/parameters/running_statistics")};
  });
  std::int64_t sizes[2] = {static_cast<std::int64_t>(point.parameters.size()),
                           static_cast<std::int64_t>(point.statistics.size())};
  team.broadcast(std::span<std::int64_t>(sizes));
  point.step = step;
  point.parameters.resize(static_cast<std::size_t>(sizes[0]));
  point.statistics.resize(static_cast<std::size_t>(sizes[1]));
  team.broadcast(std::span<Real>(point.parameters));
  team.broadcast(std::span<double>(point.statistics));
  team.broadcast(std::span(&point.epoch, 1));
  return point;
}

template <class Real>
std::string end_hash(const std::string& folder, const std::string& run) {
  const RecordFile file(files_of(folder, run).record);
  return point_hash(std::span<const Real>(values_of<Real>(file, "/parameters/final")),
                    values_of<double>(file, "/parameters/running_statistics"));
}

template std::string end_hash<float>(const std::string&, const std::string&);
template std::string end_hash<double>(const std::string&, const std::string&);
template DataSet<float> load_recorded_data(const RecordedStudy&, const Communicator&,
                                           const Communicator&);
template DataSet<double> load_recorded_data(const RecordedStudy&, const Communicator&,
                                            const Communicator&);
template Snapshot<float> read_point(const Communicator&, const std::string&, const std::string&,
                                    std::int64_t);
template Snapshot<double> read_point(const Communicator&, const std::string&, const std::string&,
                                     std::int64_t);

}  // namespace thalweg
