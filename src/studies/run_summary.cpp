#include "studies/run_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace thalweg {

namespace {

double last_of(const Record& run, const std::string& path) {
  const auto& values = run.arrays.at(path).values;
  if (const auto* numbers = std::get_if<std::vector<double>>(&values)) return numbers->back();
  return static_cast<double>(std::get<std::vector<std::int64_t>>(values).back());
}

struct Column {
  std::vector<double> values;
  std::vector<std::uint8_t> valid;
  std::string units;
  std::string long_name;
};

/// A probe's value whose own check failed in that row.
bool is_doubtful(const Record& study, const std::string& column, std::size_t row) {
  const auto dot = column.find('.');
  if (dot == std::string::npos) return false;
  for (const char* check : {".converged", ".certified"}) {
    const auto found = study.arrays.find("/summary/" + column.substr(0, dot) + check);
    if (found != study.arrays.end() &&
        std::get<std::vector<double>>(found->second.values)[row] == 0.0)
      return true;
  }
  return false;
}

}  // namespace

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

  std::map<std::string, Column> columns;
  const auto put = [&](const std::string& name, std::size_t row, double value,
                       const Array& source) {
    auto& column = columns[name];
    if (column.values.empty()) {
      column.values.assign(runs.size(), std::numeric_limits<double>::quiet_NaN());
      column.valid.assign(runs.size(), 0);
      column.units = source.units;
      column.long_name = source.long_name;
    }
    column.values[row] = value;
    column.valid[row] = std::isfinite(value) ? 1 : 0;
  };
  for (std::size_t row = 0; row < runs.size(); ++row) {
    const Record& run = runs[row];
    for (const char* name :
         {"step", "epoch", "learning_rate", "batch_size", "train_loss", "train_accuracy",
          "test_loss", "test_accuracy", "distance_from_start", "elapsed_s"}) {
      const std::string path = std::string("/trajectory/") + name;
      put(name, row, last_of(run, path), run.arrays.at(path));
    }
    put("gradient_norm", row, last_of(run, "/final/gradient_norm"),
        run.arrays.at("/final/gradient_norm"));
    const std::string prefix = "/probes/";
    for (const auto& [path, array] : run.arrays) {
      if (path.rfind(prefix, 0) != 0 || array.shape.size() != 1) continue;
      const auto slash = path.find('/', prefix.size());
      const auto value_name = path.substr(slash + 1);
      if (value_name == "step") continue;
      put(path.substr(prefix.size(), slash - prefix.size()) + "." + value_name, row,
          last_of(run, path), array);
    }
  }
  for (auto& [name, column] : columns) {
    const bool complete =
        std::all_of(column.valid.begin(), column.valid.end(), [](auto v) { return v == 1; });
    study.column("/summary/" + name, column.values, "run", column.units, column.long_name);
    if (!complete) {
      study.column("/summary/" + name + "_valid", column.valid, "run", "1",
                   "1 where " + name + " has a value");
    }
  }
  for (const auto& name : names) study.external_links["/runs/" + name] = "runs/" + name + ".h5";
}

std::string summary_table(const Record& study) {
  const auto& names = std::get<std::vector<std::string>>(study.arrays.at("/summary/run").values);
  const auto& status =
      std::get<std::vector<std::string>>(study.arrays.at("/summary/status").values);
  std::size_t width = 3;
  for (const auto& name : names) width = std::max(width, name.size());
  std::vector<std::string> shown{"batch_size", "step",          "train_loss",   "train_accuracy",
                                 "test_loss",  "test_accuracy", "gradient_norm"};
  std::vector<std::string> labels{"batch",     "steps",    "train loss", "train acc",
                                  "test loss", "test acc", "|g|"};
  for (const auto& [path, array] : study.arrays) {
    const std::string name = path.substr(std::string("/summary/").size());
    for (const char* ending : {".lambda_max", ".sharpness"}) {
      const std::string end = ending;
      if (name.size() > end.size() &&
          name.compare(name.size() - end.size(), end.size(), end) == 0) {
        shown.push_back(name);
        labels.push_back(end == ".lambda_max" ? "lambda max"
                                              : name.substr(0, name.size() - end.size()));
      }
    }
  }
  std::string table = fmt::format("{:<{}}", "run", width);
  for (const auto& label : labels) table += fmt::format("  {:>10}", label);
  table += "  status\n";
  bool doubtful = false;
  for (std::size_t row = 0; row < names.size(); ++row) {
    table += fmt::format("{:<{}}", names[row], width);
    for (std::size_t c = 0; c < shown.size(); ++c) {
      const double value =
          std::get<std::vector<double>>(study.arrays.at("/summary/" + shown[c]).values)[row];
      const std::string cell =
          std::isnan(value)
              ? "-"
              : fmt::format("{:.5g}{}", value, is_doubtful(study, shown[c], row) ? "?" : "");
      doubtful = doubtful || cell.ends_with('?');
      table += fmt::format("  {:>{}}", cell, std::max<std::size_t>(10, labels[c].size()));
    }
    table += "  " + status[row] + "\n";
  }
  if (doubtful)
    table +=
        "? not converged to its tolerance, or not certified: see the record's residuals and "
        "starts\n";
  return table;
}

}  // namespace thalweg
