#include "studies/completion/completion_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "probes/probe_rows.hpp"
#include "records/masked_column.hpp"
#include "records/schema.hpp"
#include "studies/completion/completion_gap.hpp"
#include "studies/completion/completion_recorder.hpp"

namespace thalweg {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// The last value of a column; NaN where a run has none.
double last_of(const Record& run, const std::string& path) {
  const auto found = run.arrays.find(path);
  if (found == run.arrays.end()) return kNone;
  return std::get<std::vector<double>>(found->second.values).back();
}

/// The test loss where the validation loss was least.
double test_at_best_validation(const Record& run) {
  const auto validation = run.arrays.find("/trajectory/validation_loss");
  const auto test = run.arrays.find("/trajectory/test_loss");
  if (validation == run.arrays.end() || test == run.arrays.end()) return kNone;
  const auto& losses = std::get<std::vector<double>>(validation->second.values);
  const auto best = std::min_element(losses.begin(), losses.end()) - losses.begin();
  return std::get<std::vector<double>>(test->second.values)[static_cast<std::size_t>(best)];
}

std::string status_of(const Record& run) {
  return std::get<std::string>(run.attributes.at("status"));
}

struct Quartiles {
  double lower = kNone;
  double median = kNone;
  double upper = kNone;
};

/// By linear interpolation between order statistics; of the finite values.
Quartiles quartiles_of(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(place);
    const std::size_t high = std::min(low + 1, values.size() - 1);
    const double part = place - static_cast<double>(low);
    return values[low] + part * (values[high] - values[low]);
  };
  return {at(.25), at(.5), at(.75)};
}

/// Two-sided sign test: how probable a split at least as uneven is if either side is as likely.
double sign_test(std::int64_t wins, std::int64_t losses) {
  const std::int64_t n = wins + losses;
  if (n == 0) return kNone;
  double tail = 0.0;
  double term = std::pow(.5, static_cast<double>(n));
  for (std::int64_t k = 0; k <= std::min(wins, losses); ++k) {
    tail += term;
    term *= static_cast<double>(n - k) / static_cast<double>(k + 1);
  }
  return std::min(1.0, 2.0 * tail);
}

struct Quantity {
  const char* name;
  const char* path;
  const char* long_name;
};

constexpr Quantity kQuantities[] = {
    {"train_loss", "/trajectory/train_loss", "loss of the observations at the end"},
    {"validation_loss", "/trajectory/validation_loss", "on the validation entries at the end"},
    {"test_loss", "/trajectory/test_loss",
     "mean squared error on the unobserved entries at the end; of measurements, on all"},
    {"nuclear_norm", "/trajectory/nuclear_norm", "at the end"},
    {"effective_rank", "/trajectory/effective_rank", "at the end"},
    {"largest_unobserved", "/trajectory/largest_unobserved",
     "largest unobserved entry by absolute value at the end"},
    {"imbalance", "/trajectory/imbalance", "of the factors, since the start"},
    {"gap", "/trajectory/gap", "of the nuclear norm over its certified lower bound, relative"},
    {"elapsed_s", "/trajectory/elapsed_s", "wall time of the run"},
};

void summarise_rows(Record& study, const std::vector<CompletionRun>& runs,
                    const std::vector<Record>& records) {
  std::vector<std::string> names;
  std::vector<std::string> groups;
  std::vector<std::string> states;
  std::vector<std::int64_t> instances;
  std::vector<std::int64_t> observations;
  std::vector<std::int64_t> steps;
  std::vector<double> best;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    names.push_back(runs[i].name);
    groups.push_back(runs[i].group);
    states.push_back(status_of(records[i]));
    instances.push_back(runs[i].instance);
    observations.push_back(std::get<std::int64_t>(records[i].attributes.at("observations")));
    steps.push_back(
        std::get<std::vector<std::int64_t>>(records[i].arrays.at("/trajectory/step").values)
            .back());
    best.push_back(test_at_best_validation(records[i]));
    study.external_links["/runs/" + names.back()] = "runs/" + names.back() + ".h5";
  }
  const auto count = static_cast<std::int64_t>(runs.size());
  study.column("/summary/run", names, "run", "1", "name of the run");
  study.column("/summary/group", groups, "run", "1",
               "runs of one group differ in their instance alone");
  study.column("/summary/status", states, "run", "1", "finished, target_not_reached or diverged");
  study.column("/summary/instance", instances, "run", "1",
               "seed of matrix, observations and start");
  study.column("/summary/observations", observations, "run", "1", "that were trained on");
  study.column("/summary/steps", steps, "run", "step", "steps or iterations taken");
  for (const auto& quantity : kQuantities) {
    std::vector<double> values;
    values.reserve(records.size());
    for (const auto& record : records) values.push_back(last_of(record, quantity.path));
    if (std::none_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) {
      continue;
    }
    const bool timing = std::string(quantity.name) == "elapsed_s";
    put_masked(study, std::string("/summary/") + quantity.name, values, {count}, {"run"},
               quantity.long_name, timing ? "s" : "1");
  }
  std::map<std::string, std::pair<LastProbeValue, std::vector<double>>> probes;
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (const auto& last : last_probe_values(records[i])) {
      auto& [source, values] = probes[last.name];
      source = last;
      values.resize(records.size(), kNone);
      values[i] = last.value;
    }
  }
  for (const auto& [name, probe] : probes) {
    put_masked(study, "/summary/" + name, probe.second, {count}, {"run"}, probe.first.long_name,
               probe.first.units);
  }
  if (std::any_of(best.begin(), best.end(), [](double v) { return std::isfinite(v); })) {
    put_masked(study, "/summary/test_loss_at_best_validation", best, {count}, {"run"},
               "test loss at the row of least validation loss");
  }
}

/// The nuclear norm's test loss on each (observed, instance), of the first such method.
std::map<std::pair<std::int64_t, std::int64_t>, double> references(
    const CompletionSpec& plan, const std::vector<CompletionRun>& runs,
    const std::vector<Record>& records) {
  std::map<std::pair<std::int64_t, std::int64_t>, double> found;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (plan.methods[runs[i].method].type != MethodType::nuclear_norm) continue;
    if (status_of(records[i]) != kFinished) continue;  // not certified
    found.try_emplace({runs[i].observed, runs[i].instance},
                      last_of(records[i], "/trajectory/test_loss"));
  }
  return found;
}

void summarise_groups(Record& study, const CompletionSpec& plan,
                      const std::vector<CompletionRun>& runs, const std::vector<Record>& records) {
  const auto reference = references(plan, runs, records);
  std::vector<std::string> names;
  std::map<std::string, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    auto& list = members[runs[i].group];
    if (list.empty()) names.push_back(runs[i].group);
    list.push_back(i);
  }
  std::map<std::string, std::vector<double>> columns;
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> finished;
  for (const auto& name : names) {
    std::vector<double> tests;
    std::vector<double> steps;
    std::vector<double> ranks;
    std::vector<double> best;
    std::int64_t done = 0;
    std::int64_t wins = 0;
    std::int64_t losses = 0;
    bool is_reference = false;
    for (const auto i : members[name]) {
      is_reference = plan.methods[runs[i].method].type == MethodType::nuclear_norm;
      const bool diverged = status_of(records[i]) == kDiverged;
      done += status_of(records[i]) == kFinished;
      const double test = diverged ? kNone : last_of(records[i], "/trajectory/test_loss");
      tests.push_back(test);
      ranks.push_back(diverged ? kNone : last_of(records[i], "/trajectory/effective_rank"));
      best.push_back(diverged ? kNone : test_at_best_validation(records[i]));
      if (status_of(records[i]) == kFinished) {
        const auto& taken =
            std::get<std::vector<std::int64_t>>(records[i].arrays.at("/trajectory/step").values);
        steps.push_back(static_cast<double>(taken.back()));
      }
      const auto other = reference.find({runs[i].observed, runs[i].instance});
      if (is_reference || other == reference.end() || !std::isfinite(test)) continue;
      wins += test < other->second;
      losses += test > other->second;
    }
    counts.push_back(static_cast<std::int64_t>(members[name].size()));
    finished.push_back(done);
    const Quartiles test = quartiles_of(tests);
    columns["test_loss"].push_back(test.median);
    columns["test_loss_lower"].push_back(test.lower);
    columns["test_loss_upper"].push_back(test.upper);
    columns["test_loss_at_best_validation"].push_back(quartiles_of(best).median);
    columns["steps"].push_back(quartiles_of(steps).median);
    columns["effective_rank"].push_back(quartiles_of(ranks).median);
    const bool compared = !is_reference && wins + losses > 0;
    columns["wins"].push_back(compared ? static_cast<double>(wins) : kNone);
    columns["losses"].push_back(compared ? static_cast<double>(losses) : kNone);
    columns["sign_test"].push_back(compared ? sign_test(wins, losses) : kNone);
  }
  const std::map<std::string, std::string> meanings{
      {"test_loss", "median over instances, at the end"},
      {"test_loss_lower", "lower quartile over instances"},
      {"test_loss_upper", "upper quartile over instances"},
      {"test_loss_at_best_validation", "median of the test loss where validation loss was least"},
      {"steps", "median of those that reached the target"},
      {"effective_rank", "median over instances, at the end"},
      {"wins", "instances whose test loss is below the nuclear norm's"},
      {"losses", "instances whose test loss is above it"},
      {"sign_test", "two-sided probability of so uneven a split by chance"}};
  const auto count = static_cast<std::int64_t>(names.size());
  study.column("/groups/group", names, "group", "1", "method, and observed entries if several");
  study.column("/groups/runs", counts, "group", "1", "instances");
  study.column("/groups/finished", finished, "group", "1", "instances that reached the target");
  for (const auto& [name, values] : columns) {
    if (std::none_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) {
      continue;
    }
    put_masked(study, "/groups/" + name, values, {count}, {"group"}, meanings.at(name));
  }
}

std::string cell(const Record& study, const std::string& path, std::size_t row,
                 const char* format) {
  const auto found = study.arrays.find(path);
  if (found == study.arrays.end()) return "-";
  const double value = std::get<std::vector<double>>(found->second.values)[row];
  return std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : "-";
}

}  // namespace

void summarise_completion(Record& study, const CompletionSpec& plan,
                          const std::vector<CompletionRun>& runs,
                          const std::vector<Record>& records) {
  summarise_rows(study, runs, records);
  summarise_groups(study, plan, runs, records);
  summarise_gaps(study, plan, runs, records);
}

std::string completion_table(const Record& study) {
  const auto& names = std::get<std::vector<std::string>>(study.arrays.at("/groups/group").values);
  const auto& runs = std::get<std::vector<std::int64_t>>(study.arrays.at("/groups/runs").values);
  const auto& finished =
      std::get<std::vector<std::int64_t>>(study.arrays.at("/groups/finished").values);
  std::size_t width = 6;
  for (const auto& name : names) width = std::max(width, name.size());
  std::string table =
      fmt::format("{:<{}}  {:>8}  {:>9}  {:>20}  {:>14}  {:>7}  {:>6}\n", "method", width,
                  "reached", "test loss", "quartiles", "effective rank", "steps", "wins");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string spread =
        fmt::format("{} .. {}", cell(study, "/groups/test_loss_lower", i, "{:.2e}"),
                    cell(study, "/groups/test_loss_upper", i, "{:.2e}"));
    const std::string won = cell(study, "/groups/wins", i, "{:.0f}");
    const std::string lost = cell(study, "/groups/losses", i, "{:.0f}");
    table += fmt::format("{:<{}}  {:>8}  {:>9}  {:>20}  {:>14}  {:>7}  {:>6}\n", names[i], width,
                         fmt::format("{}/{}", finished[i], runs[i]),
                         cell(study, "/groups/test_loss", i, "{:.2e}"), spread,
                         cell(study, "/groups/effective_rank", i, "{:.3g}"),
                         cell(study, "/groups/steps", i, "{:.0f}"),
                         won == "-" ? "-" : fmt::format("{}:{}", won, lost));
  }
  return table + gap_table(study);
}

}  // namespace thalweg
