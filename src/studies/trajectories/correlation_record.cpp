#include "studies/trajectories/correlation_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "probes/measurement.hpp"
#include "records/masked_column.hpp"
#include "records/schema.hpp"

namespace thalweg {

namespace {

using Numbers = std::vector<double>;

const Numbers* summary_column(const Record& study, const std::string& name) {
  const auto found = study.arrays.find("/summary/" + name);
  return found == study.arrays.end() ? nullptr : std::get_if<Numbers>(&found->second.values);
}

/// Columns of /summary: what a run tells without a probe, then probes' scalars by name.
std::vector<std::string> measures_of(const Record& study) {
  std::vector<std::string> names;
  for (const char* name : {"train_loss", "distance_from_start", "gradient_norm", "step",
                           "batch_size", "learning_rate"}) {
    if (summary_column(study, name) != nullptr) names.emplace_back(name);
  }
  const std::string prefix = "/summary/";
  for (const auto& [path, array] : study.arrays) {
    if (!path.starts_with(prefix) || !std::holds_alternative<Numbers>(array.values)) continue;
    const std::string name = path.substr(prefix.size());
    const auto dot = name.rfind('.');
    if (dot != std::string::npos && !is_check(name.substr(dot + 1))) names.push_back(name);
  }
  return names;
}

Numbers gap_of(const Record& study, const std::string& gap) {
  const bool is_loss = gap == "loss";
  const Numbers& more = *summary_column(study, is_loss ? "test_loss" : "train_accuracy");
  const Numbers& less = *summary_column(study, is_loss ? "train_loss" : "test_accuracy");
  Numbers values(more.size());
  for (std::size_t run = 0; run < values.size(); ++run) values[run] = more[run] - less[run];
  return values;
}

/// A gap over all runs, NaN for those that do not count.
struct Gap {
  std::string name;
  Numbers values;
};

struct Counted {
  std::int64_t diverged = 0;
  std::int64_t off_target = 0;
};

/// The gaps that some run has, and why runs do not count.
std::vector<Gap> gaps_of(const Record& study, const CorrelationOptions& options,
                         Counted& left_out) {
  const auto& status =
      std::get<std::vector<std::string>>(study.arrays.at("/summary/status").values);
  std::vector<bool> counts;
  for (const auto& one : status) {
    left_out.diverged += one == kDiverged ? 1 : 0;
    const bool finished = one == "finished";
    left_out.off_target += finished || one == kDiverged ? 0 : 1;
    counts.push_back(finished);
  }
  std::vector<Gap> gaps;
  for (const auto& name : options.gaps) {
    Gap gap{name, gap_of(study, name)};
    bool has_any = false;
    for (std::size_t run = 0; run < counts.size(); ++run) {
      if (!counts[run]) gap.values[run] = std::nan("");
      has_any = has_any || std::isfinite(gap.values[run]);
    }
    if (has_any) gaps.push_back(std::move(gap));
  }
  return gaps;
}

/// Coefficients of one measure with one gap.
struct Coefficients {
  double tau = 0.0;
  Interval interval;
  GranulatedTau granulated;
};

struct Row {
  std::string measure;
  std::int64_t runs = 0;
  std::vector<Coefficients> by_gap;
};

Row row_of(const Record& study, const std::string& measure, const std::vector<Gap>& gaps,
           const CorrelationOptions& options, const std::vector<std::vector<std::string>>& places,
           std::span<const std::size_t> axes) {
  const Numbers& all = *summary_column(study, measure);
  std::vector<std::size_t> used;
  for (std::size_t run = 0; run < all.size(); ++run) {
    const bool counts = std::isfinite(all[run]) &&
                        std::all_of(gaps.begin(), gaps.end(),
                                    [&](const Gap& gap) { return std::isfinite(gap.values[run]); });
    if (counts) used.push_back(run);
  }
  Row row{measure, static_cast<std::int64_t>(used.size()), {}};
  const auto picked = [&](const auto& from) {
    std::decay_t<decltype(from)> values;
    for (const std::size_t run : used) values.push_back(from[run]);
    return values;
  };
  const Numbers x = picked(all);
  const auto mine = picked(places);
  for (const auto& gap : gaps) {
    const Numbers y = picked(gap.values);
    row.by_gap.push_back({kendall_tau_b(x, y), bootstrap_interval(x, y, options.bootstrap),
                          granulated_tau(x, y, mine, axes)});
    // Without a coefficient over all runs the measure does not vary, and has none within groups.
    if (std::isnan(row.by_gap.back().tau)) {
      auto& granulated = row.by_gap.back().granulated;
      granulated.mean = std::nan("");
      std::fill(granulated.by_axis.begin(), granulated.by_axis.end(), std::nan(""));
    }
  }
  return row;
}

/// An array of /correlation whose first axis is "measure", with a mask where it is not whole.
void put_correlation(Record& study, const std::string& name, const Numbers& values,
                     const std::vector<std::int64_t>& shape, const std::string& long_name) {
  std::vector<std::string> dimensions{"measure"};
  if (shape.size() > 1) dimensions.emplace_back("axis");
  put_masked(study, "/correlation/" + name, values, shape, dimensions, long_name);
}

void write_rows(Record& study, const std::vector<Row>& rows, const std::vector<Gap>& gaps,
                const CorrelationOptions& options) {
  std::vector<std::string> names;
  std::vector<std::int64_t> runs;
  for (const auto& row : rows) {
    names.push_back(row.measure);
    runs.push_back(row.runs);
  }
  study.column("/correlation/measure", names, "measure", "1",
               "columns of /summary, probes' as PROBE.SCALAR");
  study.column("/correlation/runs", runs, "measure", "1", "runs that count");
  const bool granulated = !options.axes.empty();
  if (granulated) {
    study.column("/correlation/axis", options.axes, "axis", "1",
                 "hyperparameters of which one differs in a group");
  }
  const auto measures = static_cast<std::int64_t>(rows.size());
  const auto axes = static_cast<std::int64_t>(options.axes.size());
  for (std::size_t gap = 0; gap < gaps.size(); ++gap) {
    Numbers tau;
    Numbers low;
    Numbers high;
    Numbers mean;
    Numbers by_axis;
    for (const auto& row : rows) {
      const Coefficients& found = row.by_gap[gap];
      tau.push_back(found.tau);
      low.push_back(found.interval.low);
      high.push_back(found.interval.high);
      mean.push_back(found.granulated.mean);
      by_axis.insert(by_axis.end(), found.granulated.by_axis.begin(),
                     found.granulated.by_axis.end());
    }
    const std::string& name = gaps[gap].name;
    const std::string what =
        name == "loss" ? "test loss less training loss" : "training accuracy less test accuracy";
    put_correlation(study, "tau_" + name, tau, {measures}, "Kendall's tau-b with " + what);
    put_correlation(study, "tau_" + name + "_low", low, {measures},
                    "lower end of its bootstrap interval");
    put_correlation(study, "tau_" + name + "_high", high, {measures},
                    "upper end of its bootstrap interval");
    if (!granulated) continue;
    put_correlation(
        study, "granulated_" + name, mean, {measures},
        "tau within groups that differ in one hyperparameter, averaged over hyperparameters");
    put_correlation(study, "granulated_" + name + "_by_axis", by_axis, {measures, axes},
                    "tau within groups that differ in this hyperparameter, averaged over groups");
  }
}

std::string coefficient(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:.2f}", value);
}

std::string table_of(std::vector<Row> rows, const std::vector<Gap>& gaps,
                     const CorrelationOptions& options, const Counted& left_out) {
  std::erase_if(rows, [](const Row& row) { return std::isnan(row.by_gap.front().tau); });
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.by_gap.front().tau > b.by_gap.front().tau;
  });
  std::size_t width = 7;
  for (const auto& row : rows) width = std::max(width, row.measure.size());
  std::string text = fmt::format(
      "correlation with the generalisation gap: Kendall's tau-b [{:g} % bootstrap interval]{}\n",
      100.0 * options.bootstrap.confidence,
      options.axes.empty() ? "" : " and granulated (one hyperparameter varies)");
  text += fmt::format("{:<{}}  {:>4}", "measure", width, "runs");
  for (const auto& gap : gaps) {
    text += fmt::format("  {:>20}{}", "gap of the " + gap.name,
                        options.axes.empty() ? "" : "  granulated");
  }
  text += "\n";
  for (const auto& row : rows) {
    text += fmt::format("{:<{}}  {:>4}", row.measure, width, row.runs);
    for (const auto& found : row.by_gap) {
      text += fmt::format("  {:>5} {:>14}", coefficient(found.tau),
                          fmt::format("[{}, {}]", coefficient(found.interval.low),
                                      coefficient(found.interval.high)));
      if (!options.axes.empty())
        text += fmt::format("  {:>10}", coefficient(found.granulated.mean));
    }
    text += "\n";
  }
  if (left_out.diverged + left_out.off_target > 0) {
    text += fmt::format("runs left out: {} diverged, {} did not reach the target\n",
                        left_out.diverged, left_out.off_target);
  }
  return text;
}

}  // namespace

std::string correlate(Record& study, const CorrelationOptions& options,
                      const std::vector<RunSpec>& plans) {
  Counted left_out;
  const auto gaps = gaps_of(study, options, left_out);
  if (gaps.empty()) return "correlation: no run has a generalisation gap\n";
  std::vector<std::string> keys;
  for (const auto& [key, value] : plans.front().swept) keys.push_back(key);
  std::vector<std::vector<std::string>> places;
  for (const auto& plan : plans) {
    auto& place = places.emplace_back();
    for (const auto& key : keys) place.push_back(plan.swept.at(key));
  }
  std::vector<std::size_t> axes;
  for (const auto& axis : options.axes) {
    axes.push_back(static_cast<std::size_t>(
        std::distance(keys.begin(), std::find(keys.begin(), keys.end(), axis))));
  }
  std::vector<Row> rows;
  for (const auto& measure : measures_of(study)) {
    rows.push_back(row_of(study, measure, gaps, options, places, axes));
  }
  write_rows(study, rows, gaps, options);
  auto& attributes = study.group_attributes["/correlation"];
  attributes["bootstrap"] = options.bootstrap.resamples;
  attributes["confidence"] = options.bootstrap.confidence;
  attributes["seed"] = static_cast<std::int64_t>(options.bootstrap.seed);
  attributes["diverged"] = left_out.diverged;
  attributes["target_not_reached"] = left_out.off_target;
  attributes["source"] = std::string("Jiang et al. 2020 (1912.02178)");
  return table_of(rows, gaps, options, left_out);
}

}  // namespace thalweg
