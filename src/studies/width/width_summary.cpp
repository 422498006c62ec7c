#include "studies/width/width_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "records/masked_column.hpp"
#include "records/schema.hpp"
#include "statistics/width_fit.hpp"

namespace thalweg {

namespace {

/// What is held against width.
struct WidthQuantity {
  const char* name;
  const char* path;  ///< in a run's record; of a column the last value counts
  Expectation expectation;
  const char* label;  ///< of a table's column
};

constexpr WidthQuantity kWidthQuantities[] = {
    {"kernel_distance", "/start/kernel_distance", Expectation::equal, "kernel at start"},
    {"train_distance", "/trajectory/train_distance", Expectation::equal, "outputs, train"},
    {"test_distance", "/trajectory/test_distance", Expectation::equal, "outputs, test"},
    {"linear_train_distance", "/trajectory/linear_train_distance", Expectation::at_most,
     "linearised, train"},
    {"linear_test_distance", "/trajectory/linear_test_distance", Expectation::at_most,
     "linearised, test"},
    {"kernel_drift", "/trajectory/kernel_drift", Expectation::at_most, "kernel drift"},
};

constexpr const char* kRule =
    "expected exponent -1/2 (kernel_distance, train_distance, test_distance) or at most -1/2 (the "
    "others); agrees within twice the standard error; near beyond that but within 0.1; undecided "
    "where the standard error exceeds 0.25";

const std::vector<double>& width_numbers(const Record& record, const std::string& path) {
  return std::get<std::vector<double>>(record.arrays.at(path).values);
}

bool is_diverged(const Record& run) {
  return std::get<std::string>(run.attributes.at("status")) == kDiverged;
}

std::int64_t width_of(const Record& run) {
  return std::get<std::int64_t>(run.attributes.at("width"));
}

struct Spread {
  double mean = std::numeric_limits<double>::quiet_NaN();
  double error = std::numeric_limits<double>::quiet_NaN();  ///< NaN for a single value
};

Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  if (values.empty()) return spread;
  const auto n = static_cast<double>(values.size());
  spread.mean = 0.0;
  for (const double value : values) spread.mean += value / n;
  if (values.size() < 2) return spread;
  double square = 0.0;
  for (const double value : values) square += (value - spread.mean) * (value - spread.mean);
  spread.error = std::sqrt(square / (n - 1.0) / n);
  return spread;
}

/// Widths in ascending order, those of diverged runs too.
std::vector<std::int64_t> widths_of(const std::vector<Record>& runs) {
  std::vector<std::int64_t> widths;
  widths.reserve(runs.size());
  for (const auto& run : runs) widths.push_back(width_of(run));
  std::sort(widths.begin(), widths.end());
  widths.erase(std::unique(widths.begin(), widths.end()), widths.end());
  return widths;
}

void summarise_rows(Record& study, const std::vector<std::string>& names,
                    const std::vector<Record>& runs) {
  std::vector<std::string> groups;
  std::vector<std::string> states;
  std::vector<std::int64_t> widths;
  std::vector<std::int64_t> seeds;
  for (const auto& run : runs) {
    groups.push_back(std::get<std::string>(run.attributes.at("group")));
    states.push_back(std::get<std::string>(run.attributes.at("status")));
    widths.push_back(width_of(run));
    seeds.push_back(std::get<std::int64_t>(run.attributes.at("seed")));
  }
  study.column("/summary/run", names, "run", "1", "name of the run");
  study.column("/summary/group", groups, "run", "1",
               "runs of one group differ in their seed alone");
  study.column("/summary/status", states, "run", "1", "finished or diverged");
  study.column("/summary/width", widths, "run", "1", "units of each hidden layer");
  study.column("/summary/seed", seeds, "run", "1", "seed of the run");
  const auto last = [&](const char* path, const char* name, const std::string& long_name) {
    std::vector<double> values;
    values.reserve(runs.size());
    for (const auto& run : runs) values.push_back(width_numbers(run, path).back());
    put_masked(study, fmt::format("/summary/{}", name), values,
               {static_cast<std::int64_t>(runs.size())}, {"run"}, long_name);
  };
  for (const auto& quantity : kWidthQuantities) {
    last(quantity.path, quantity.name, runs.front().arrays.at(quantity.path).long_name);
  }
  last("/trajectory/train_loss", "train_loss", "at the last step");
  last("/trajectory/test_loss", "test_loss", "at the last step");
  std::vector<double> elapsed_s;
  elapsed_s.reserve(runs.size());
  for (const auto& run : runs)
    elapsed_s.push_back(width_numbers(run, "/trajectory/elapsed_s").back());
  study.column("/summary/elapsed_s", elapsed_s, "run", "s", "wall time of the run");
  for (const auto& name : names)
    study.external_links[fmt::format("/runs/{}", name)] = fmt::format("runs/{}.h5", name);
}

void summarise_means(Record& study, const std::vector<Record>& runs) {
  const auto widths = widths_of(runs);
  const auto count = static_cast<std::int64_t>(widths.size());
  std::vector<std::int64_t> finished;
  finished.reserve(widths.size());
  for (const auto width : widths) {
    finished.push_back(std::count_if(runs.begin(), runs.end(), [&](const Record& run) {
      return width_of(run) == width && !is_diverged(run);
    }));
  }
  study.column("/widths/width", widths, "width", "1", "units of each hidden layer");
  study.column("/widths/runs", finished, "width", "1", "runs that did not diverge");
  study.column("/curves/width", widths, "width", "1", "units of each hidden layer");
  const auto& steps =
      std::get<std::vector<std::int64_t>>(runs.front().arrays.at("/trajectory/step").values);
  const auto of = std::find_if_not(runs.begin(), runs.end(), is_diverged);
  const auto& all_steps =
      of == runs.end()
          ? steps
          : std::get<std::vector<std::int64_t>>(of->arrays.at("/trajectory/step").values);
  study.column("/curves/step", all_steps, "step", "step", "steps of gradient descent taken");
  for (const auto& quantity : kWidthQuantities) {
    const std::string path = quantity.path;
    const bool is_curve = path.starts_with("/trajectory/");
    const std::size_t points = is_curve ? all_steps.size() : 1;
    std::vector<double> means;
    std::vector<double> errors;
    for (const auto width : widths) {
      for (std::size_t point = 0; point < points; ++point) {
        std::vector<double> values;
        for (const auto& run : runs) {
          if (width_of(run) == width && !is_diverged(run)) {
            values.push_back(width_numbers(run, path)[point]);
          }
        }
        const Spread spread = spread_of(values);
        means.push_back(spread.mean);
        errors.push_back(spread.error);
      }
    }
    const std::string name = quantity.name;
    const std::string& long_name = runs.front().arrays.at(path).long_name;
    const auto of_last = [&](const std::vector<double>& values) {
      std::vector<double> chosen;
      for (std::size_t w = 0; w < widths.size(); ++w) {
        chosen.push_back(values[(w + 1) * points - 1]);
      }
      return chosen;
    };
    put_masked(study, fmt::format("/widths/{}", name), of_last(means), {count}, {"width"},
               fmt::format("mean over seeds, last step: {}", long_name));
    put_masked(study, fmt::format("/widths/{}_error", name), of_last(errors), {count}, {"width"},
               "standard error of the mean over seeds");
    if (!is_curve) continue;
    const auto length = static_cast<std::int64_t>(points);
    put_masked(study, fmt::format("/curves/{}", name), means, {count, length}, {"width", "step"},
               fmt::format("mean over seeds: {}", long_name));
    put_masked(study, fmt::format("/curves/{}_error", name), errors, {count, length},
               {"width", "step"}, "standard error of the mean over seeds");
  }
}

void summarise_fits(Record& study, const std::vector<Record>& runs) {
  std::vector<std::string> names;
  std::vector<std::string> verdicts;
  std::vector<std::string> relations;
  std::vector<double> exponents;
  std::vector<double> errors;
  std::vector<double> prefactors;
  for (const auto& quantity : kWidthQuantities) {
    std::vector<double> x;
    std::vector<double> y;
    for (const auto& run : runs) {
      const double value = width_numbers(run, quantity.path).back();
      if (is_diverged(run) || !(value > 0.0)) continue;
      x.push_back(static_cast<double>(width_of(run)));
      y.push_back(value);
    }
    PowerLaw law{std::nan(""), std::nan(""), std::nan("")};
    const bool enough = x.size() > 2 && *std::min_element(x.begin(), x.end()) <
                                            *std::max_element(x.begin(), x.end());
    if (enough) law = fit_power_law(x, y);
    names.emplace_back(quantity.name);
    relations.emplace_back(quantity.expectation == Expectation::equal ? "= -1/2" : "<= -1/2");
    verdicts.push_back(verdict_of(law, quantity.expectation));
    exponents.push_back(law.exponent);
    errors.push_back(law.exponent_error);
    prefactors.push_back(std::exp(law.log_prefactor));
  }
  const auto count = static_cast<std::int64_t>(names.size());
  study.column("/fits/quantity", names, "quantity", "1", "what falls with width");
  study.column("/fits/expected", relations, "quantity", "1", "what the exponent should be");
  study.column("/fits/verdict", verdicts, "quantity", "1", "agrees, near, disagrees or undecided");
  put_masked(
      study, "/fits/exponent", exponents, {count}, {"quantity"},
      "slope of the logarithm against the logarithm of the width, all runs at their last step");
  put_masked(study, "/fits/exponent_error", errors, {count}, {"quantity"},
             "standard error of the exponent");
  put_masked(study, "/fits/prefactor", prefactors, {count}, {"quantity"},
             "fitted value at width 1");
  study.group_attributes["/fits"]["verdict_rule"] = kRule;
}

}  // namespace

void summarise_widths(Record& study, const std::vector<std::string>& names,
                      const std::vector<Record>& runs) {
  summarise_rows(study, names, runs);
  summarise_means(study, runs);
  summarise_fits(study, runs);
}

std::string width_table(const Record& study) {
  const auto& widths = std::get<std::vector<std::int64_t>>(study.arrays.at("/widths/width").values);
  const auto& runs = std::get<std::vector<std::int64_t>>(study.arrays.at("/widths/runs").values);
  std::string table = fmt::format("{:>6}  {:>4}", "width", "runs");
  for (const auto& quantity : kWidthQuantities) table += fmt::format("  {:>19}", quantity.label);
  table += "\n";
  for (std::size_t row = 0; row < widths.size(); ++row) {
    table += fmt::format("{:>6}  {:>4}", widths[row], runs[row]);
    for (const auto& quantity : kWidthQuantities) {
      const std::string path = fmt::format("/widths/{}", quantity.name);
      const double mean = width_numbers(study, path)[row];
      const double error = width_numbers(study, fmt::format("{}_error", path))[row];
      const std::string cell = std::isnan(mean)    ? "-"
                               : std::isnan(error) ? fmt::format("{:.3g}", mean)
                                                   : fmt::format("{:.3g} +- {:.1g}", mean, error);
      table += fmt::format("  {:>19}", cell);
    }
    table += "\n";
  }
  table += "means over runs, +- standard error\n";
  table += fmt::format("\n{:<24}{:>19}  {:>8}  {:>12}  {}\n", "quantity", "exponent", "expected",
                       "errors above", "verdict");
  const auto& verdicts =
      std::get<std::vector<std::string>>(study.arrays.at("/fits/verdict").values);
  const auto& expected =
      std::get<std::vector<std::string>>(study.arrays.at("/fits/expected").values);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const PowerLaw law{width_numbers(study, "/fits/exponent")[i],
                       width_numbers(study, "/fits/exponent_error")[i], 0.0};
    table += fmt::format("{:<24}{:>19}  {:>8}  {:>12.1f}  {}\n", kWidthQuantities[i].name,
                         fmt::format("{:.3f} +- {:.3f}", law.exponent, law.exponent_error),
                         expected[i], errors_above_half(law), verdicts[i]);
  }
  table += "exponents +- standard error of the fit; errors above: standard errors above -1/2\n";
  return table;
}

}  // namespace thalweg
