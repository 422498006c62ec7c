#include "studies/trajectories/run_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "probes/probe_rows.hpp"
#include "records/checkpoint.hpp"
#include "records/masked_column.hpp"
#include "records/schema.hpp"
#include "runs/run_files.hpp"

namespace thalweg {

namespace {

double last_value_of(const Record& run, const std::string& path) {
  const auto& values = run.arrays.at(path).values;
  if (const auto* numbers = std::get_if<std::vector<double>>(&values)) return numbers->back();
  return static_cast<double>(std::get<std::vector<std::int64_t>>(values).back());
}

struct SummaryColumn {
  std::vector<double> values;
  std::string units;
  std::string long_name;
};

}  // namespace

RunRecords take_run_records(const std::string& folder, const std::vector<RunSpec>& runs) {
  RunRecords taken;
  for (const auto& run : runs) {
    const RunFiles files = files_of(folder, run.name);
    taken.names.push_back(run.name);
    Record& record = taken.records.emplace_back(read_record(files.record));
    taken.diverged += std::get<std::string>(record.attributes.at("status")) == kDiverged ? 1 : 0;
    record.arrays.erase("/parameters/final");
    remove_checkpoint(files.checkpoint);
  }
  return taken;
}

void summarise_runs(Record& study, const std::vector<std::string>& names,
                    const std::vector<Record>& runs) {
  const auto text = [&](const char* attribute, const char* long_name, const std::string& column) {
    std::vector<std::string> values;
    values.reserve(runs.size());
    for (const auto& run : runs)
      values.push_back(std::get<std::string>(run.attributes.at(attribute)));
    study.column("/summary/" + column, values, "run", "1", long_name);
  };
  study.column("/summary/run", names, "run", "1", "name of the run");
  text("group", "runs of one group differ in their seed alone", "group");
  text("status", "finished, target_not_reached or diverged", "status");
  std::vector<std::int64_t> seeds;
  seeds.reserve(runs.size());
  for (const auto& run : runs) seeds.push_back(std::get<std::int64_t>(run.attributes.at("seed")));
  study.column("/summary/seed", seeds, "run", "1", "seed of the run");

  std::map<std::string, SummaryColumn> columns;
  const auto put = [&](const std::string& name, std::size_t row, double value,
                       const std::string& units, const std::string& long_name) {
    auto& column = columns[name];
    if (column.values.empty()) {
      column.values.assign(runs.size(), std::numeric_limits<double>::quiet_NaN());
      column.units = units;
      column.long_name = long_name;
    }
    column.values[row] = value;
  };
  const auto put_last = [&](const std::string& name, std::size_t row, const std::string& path) {
    const Array& source = runs[row].arrays.at(path);
    put(name, row, last_value_of(runs[row], path), source.units, source.long_name);
  };
  for (std::size_t row = 0; row < runs.size(); ++row) {
    const Record& run = runs[row];
    for (const char* name : {"step", "epoch", "learning_rate", "batch_size", "train_loss",
                             "train_accuracy", "test_loss", "test_accuracy", "validation_loss",
                             "validation_accuracy", "loss", "distance_from_start", "elapsed_s"}) {
      const std::string path = std::string("/trajectory/") + name;
      if (run.arrays.contains(path)) put_last(name, row, path);
    }
    put_last("gradient_norm", row, "/final/gradient_norm");
    for (const auto& last : last_probe_values(run)) {
      put(last.name, row, last.value, last.units, last.long_name);
    }
  }
  for (const auto& [name, column] : columns) {
    put_masked(study, "/summary/" + name, column.values, {static_cast<std::int64_t>(runs.size())},
               {"run"}, column.long_name, column.units);
  }
  for (const auto& name : names) study.external_links["/runs/" + name] = "runs/" + name + ".h5";
}

}  // namespace thalweg
