#include "studies/trajectories/critical_batch_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "records/masked_column.hpp"
#include "statistics/critical_batch.hpp"

namespace thalweg {

namespace {

/// Runs of one family with one batch size.
struct Point {
  double batch = 0.0;
  double steps = 0.0;  ///< mean over runs
  std::int64_t runs = 0;
  bool reached = true;  ///< by every run
};

struct Family {
  std::string name;
  std::vector<Point> points;  ///< batch sizes ascending
};

const std::vector<std::int64_t>& whole_numbers(const Record& run, const char* column) {
  return std::get<std::vector<std::int64_t>>(
      run.arrays.at(std::string("/trajectory/") + column).values);
}

std::vector<Family> families_of(const std::vector<RunSpec>& plans,
                                const std::vector<Record>& runs) {
  std::vector<Family> families;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const RunSpec& plan = plans[i];
    // A batch that changes on the way belongs to no one size.
    const auto& batches = whole_numbers(runs[i], "batch_size");
    const bool constant = std::equal(batches.begin() + 1, batches.end(), batches.begin());
    if (!plan.train.has_target() || plan.family == plan.group || !constant) continue;
    auto family = std::find_if(families.begin(), families.end(),
                               [&](const Family& one) { return one.name == plan.family; });
    if (family == families.end()) family = families.insert(family, {plan.family, {}});
    const auto batch = static_cast<double>(batches.front());
    auto point = std::find_if(family->points.begin(), family->points.end(),
                              [&](const Point& one) { return one.batch >= batch; });
    if (point == family->points.end() || point->batch != batch) {
      point = family->points.insert(point, {.batch = batch});
    }
    ++point->runs;
    point->steps += (static_cast<double>(whole_numbers(runs[i], "step").back()) - point->steps) /
                    static_cast<double>(point->runs);
    point->reached =
        point->reached && std::get<std::string>(runs[i].attributes.at("status")) == "finished";
  }
  return families;
}

std::vector<BatchSteps> used_points(const Family& family) {
  std::vector<BatchSteps> used;
  for (const auto& point : family.points) {
    // A target that is reached at the start takes no steps, and says nothing.
    if (point.reached && point.steps > 0.0) used.push_back({point.batch, point.steps});
  }
  return used;
}

std::string with_error(double value, double error) {
  return std::isfinite(error) ? fmt::format("{:.4g} ± {:.2g}", value, error)
                              : fmt::format("{:.4g}", value);
}

/// `points` are those fitted, batch sizes ascending.
std::string words(const std::string& family, const CriticalBatchFit& fit,
                  const std::vector<BatchSteps>& points) {
  std::string text = fmt::format(
      "{}: S_min = {} steps, E_min = {} samples, critical batch E_min/S_min = {}, from {} batch "
      "sizes",
      family, with_error(fit.least_steps, fit.least_steps_error),
      with_error(fit.least_samples, fit.least_samples_error),
      with_error(fit.critical_batch, fit.critical_batch_error), points.size());
  if (!fit.converged) {
    text += "; not converged: the steps do not tell S_min and E_min apart from zero";
  } else if (!fit.inside) {
    text += fmt::format(
        "; the critical batch is extrapolated: it lies outside of the batch sizes, {} to {}",
        points.front().batch, points.back().batch);
  }
  return text + "\n";
}

/// A column of /critical_batch, NaN where it has no value.
void put_critical(Record& study, const std::string& name, const std::vector<double>& values,
                  const std::string& units, const std::string& long_name) {
  put_masked(study, "/critical_batch/" + name, values, {static_cast<std::int64_t>(values.size())},
             {"family"}, long_name, units);
}

void write_points(Record& study, const std::vector<Family>& families) {
  std::vector<std::string> names;
  std::vector<double> batch;
  std::vector<double> steps;
  std::vector<std::int64_t> runs;
  std::vector<std::uint8_t> used;
  for (const auto& family : families) {
    for (const auto& point : family.points) {
      names.push_back(family.name);
      batch.push_back(point.batch);
      steps.push_back(point.steps);
      runs.push_back(point.runs);
      used.push_back(point.reached && point.steps > 0.0 ? 1 : 0);
    }
  }
  const std::string group = "/critical_batch/points/";
  study.column(group + "family", names, "point", "1", "runs that differ in their batch size");
  study.column(group + "batch_size", batch, "point", "sample", "samples of a step");
  study.column(group + "steps", steps, "point", "step", "mean number of steps at the end");
  study.column(group + "runs", runs, "point", "1", "runs averaged over");
  study.column(group + "used", used, "point", "1",
               "1 where every run reached the target, and the point was fitted");
}

}  // namespace

std::string fit_critical_batches(Record& study, const std::vector<RunSpec>& plans,
                                 const std::vector<Record>& runs) {
  auto families = families_of(plans, runs);
  std::erase_if(families, [](const Family& family) { return family.points.size() < 2; });
  if (families.empty()) return {};
  std::string text;
  std::vector<std::string> names;
  std::map<std::string, std::vector<double>> columns;
  std::vector<std::uint8_t> converged;
  std::vector<std::uint8_t> inside;
  for (const auto& family : families) {
    CriticalBatchFit fit;
    const auto points = used_points(family);
    if (points.size() >= 2) {
      fit = fit_critical_batch(points);
      text += words(family.name, fit, points);
    } else {
      const double none = std::nan("");
      fit = {none, none, none, none, none, none, none, false, false};
      text += fmt::format("{}: no critical batch: the target was reached with {} batch sizes\n",
                          family.name, points.size());
    }
    names.push_back(family.name);
    converged.push_back(fit.converged ? 1 : 0);
    inside.push_back(fit.inside ? 1 : 0);
    columns["s_min"].push_back(fit.least_steps);
    columns["s_min_error"].push_back(fit.least_steps_error);
    columns["e_min"].push_back(fit.least_samples);
    columns["e_min_error"].push_back(fit.least_samples_error);
    columns["batch_size"].push_back(fit.critical_batch);
    columns["batch_size_error"].push_back(fit.critical_batch_error);
    columns["residual"].push_back(fit.residual);
  }
  study.column("/critical_batch/family", names, "family", "1",
               "runs that differ in their batch size");
  const std::string error = "standard error, of the linearised fit";
  put_critical(study, "s_min", columns["s_min"], "step",
               "steps to the target with ever larger batches");
  put_critical(study, "s_min_error", columns["s_min_error"], "step", error);
  put_critical(study, "e_min", columns["e_min"], "sample",
               "samples to the target with ever smaller batches");
  put_critical(study, "e_min_error", columns["e_min_error"], "sample", error);
  put_critical(study, "batch_size", columns["batch_size"], "sample",
               "critical batch size, e_min/s_min");
  put_critical(study, "batch_size_error", columns["batch_size_error"], "sample", error);
  put_critical(study, "residual", columns["residual"], "1", "root mean square of log S - log S(B)");
  study.column("/critical_batch/converged", converged, "family", "1",
               "1 where the fit came to its end with s_min and e_min told by the points");
  study.column(
      "/critical_batch/inside", inside, "family", "1",
      "1 where it did and the critical batch lies among the batch sizes fitted; else it is "
      "extrapolated");
  study.group_attributes["/critical_batch"]["source"] =
      std::string("McCandlish et al. 2018, S(B) = s_min + e_min/B by least squares on log S");
  write_points(study, families);
  return "critical batch, S(B) = S_min + E_min/B (± standard error of the linearised fit):\n" +
         text;
}

}  // namespace thalweg
