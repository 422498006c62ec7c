#include "runs/snapshots.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/error.hpp"
#include "records/schema.hpp"

namespace thalweg {

namespace {

constexpr const char* kParameters = "/parameters/current";
constexpr const char* kStatistics = "/parameters/running_statistics";

template <class T>
T taken(Record& record, const std::string& name, const std::string& path) {
  const auto found = record.arrays.find(name);
  if (found == record.arrays.end()) throw Error(fmt::format("{}: no dataset {}", path, name));
  auto* values = std::get_if<T>(&found->second.values);
  if (values == nullptr) {
    throw Error(fmt::format("{}: {} is of another type than the run's precision", path, name));
  }
  return std::move(*values);
}

template <class T>
T snapshot_attribute(const Record& record, const std::string& name, const std::string& path) {
  const auto found = record.attributes.find(name);
  const T* value = found == record.attributes.end() ? nullptr : std::get_if<T>(&found->second);
  if (value == nullptr) throw Error(fmt::format("{}: no root attribute {}", path, name));
  return *value;
}

}  // namespace

std::string snapshot_file(const std::string& folder, const std::string& run, std::int64_t step) {
  return fmt::format("{}/snapshots/{}/{}", folder, run, snapshot_name(step));
}

template <class Real>
void write_snapshot(const std::string& path, const Snapshot<Real>& snapshot,
                    const Attributes& attributes) {
  Record record;
  record.attributes = attributes;
  record.attributes["schema"] = kSnapshotSchema;
  record.attributes["schema_version"] = kSchemaVersion;
  record.attributes["step"] = snapshot.step;
  record.attributes["epoch"] = snapshot.epoch;
  record.column(kParameters, snapshot.parameters, "parameter", "1", "parameters after these steps");
  record.column(kStatistics, snapshot.statistics, "statistic", "1",
                "running statistics of batch norm, mean then variance of each layer");
  write_record(path, record);
}

template <class Real>
Snapshot<Real> read_snapshot(const std::string& path) {
  Record record = read_record(path);
  if (snapshot_attribute<std::string>(record, "schema", path) != kSnapshotSchema) {
    throw Error(fmt::format("{}: is no snapshot of a run", path));
  }
  return {snapshot_attribute<std::int64_t>(record, "step", path),
          snapshot_attribute<double>(record, "epoch", path),
          taken<std::vector<Real>>(record, kParameters, path),
          taken<std::vector<double>>(record, kStatistics, path)};
}

std::vector<std::int64_t> snapshot_steps(const Record& run) {
  const auto found = run.arrays.find(kSnapshotSteps);
  return found == run.arrays.end() ? std::vector<std::int64_t>()
                                   : std::get<std::vector<std::int64_t>>(found->second.values);
}

void list_snapshots(Record& run, const std::vector<std::int64_t>& steps) {
  if (steps.empty()) return;
  run.column(kSnapshotSteps, steps, "step", "step",
             "steps of which there is a file snapshots/RUN/step-NNNNNNNNN.h5");
}

template void write_snapshot(const std::string&, const Snapshot<float>&, const Attributes&);
template void write_snapshot(const std::string&, const Snapshot<double>&, const Attributes&);
template Snapshot<float> read_snapshot(const std::string&);
template Snapshot<double> read_snapshot(const std::string&);

}  // namespace thalweg
