#include "studies/completion/completion_gap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "records/masked_column.hpp"
#include "records/schema.hpp"
#include "statistics/width_fit.hpp"

namespace thalweg {

namespace {

constexpr const char* kProduct = "/matrix/product";

/// Runs with equal keys differ in how they are trained alone.
using StartKey = std::tuple<int, std::int64_t, double, int, std::int64_t, std::int64_t>;

StartKey key_of(const MethodSpec& method, const CompletionRun& run) {
  return {method.depth, method.hidden, method.scale, static_cast<int>(method.start),
          run.observed, run.instance};
}

const std::vector<double>& times_of(const Record& run) {
  return std::get<std::vector<double>>(run.arrays.at("/trajectory/time").values);
}

/// Largest ‖A − B‖_F / ‖B‖_F over the stated times at which both were measured: a run that ended
/// early has fewer, and a last row at another time.
double largest_distance(const Record& a, const Record& b, const std::vector<double>& stated) {
  const auto& left = a.arrays.at(kProduct);
  const auto& x = std::get<std::vector<double>>(left.values);
  const auto& y = std::get<std::vector<double>>(b.arrays.at(kProduct).values);
  const auto elements = static_cast<std::size_t>(left.shape[1] * left.shape[2]);
  const std::size_t rows = std::min({times_of(a).size(), times_of(b).size(), stated.size()});
  double largest = 0.0;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto is_there = [&](const Record& run) {
      return std::abs(times_of(run)[row] - stated[row]) <= 1e-9 * stated[row];
    };
    if (!is_there(a) || !is_there(b)) break;
    double gap = 0.0;
    double norm = 0.0;
    for (std::size_t i = row * elements; i < (row + 1) * elements; ++i) {
      gap += (x[i] - y[i]) * (x[i] - y[i]);
      norm += y[i] * y[i];
    }
    largest = std::max(largest, std::sqrt(gap / norm));
  }
  return largest;
}

bool is_plain_descent(const MethodSpec& method) {
  return method.type == MethodType::factorization && !method.is_flow &&
         method.optimizer.is_plain_descent() && method.optimizer.weight_decay == 0.0 &&
         method.optimizer.clip_norm == 0.0 && method.optimizer.sharpness_aware == "none";
}

}  // namespace

void summarise_gaps(Record& study, const CompletionSpec& plan,
                    const std::vector<CompletionRun>& runs, const std::vector<Record>& records) {
  if (!plan.keep_matrices || plan.times.empty()) return;
  std::map<StartKey, std::size_t> flows;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const MethodSpec& method = plan.methods[runs[i].method];
    if (method.type == MethodType::factorization && method.is_flow) {
      flows.try_emplace(key_of(method, runs[i]), i);
    }
  }
  std::vector<std::string> names;
  std::vector<double> rates;
  std::vector<double> gaps;
  std::map<StartKey, std::pair<std::vector<double>, std::vector<double>>> series;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const MethodSpec& method = plan.methods[runs[i].method];
    const auto key = key_of(method, runs[i]);
    const auto flow = flows.find(key);
    const bool diverged = std::get<std::string>(records[i].attributes.at("status")) == kDiverged;
    if (!is_plain_descent(method) || flow == flows.end() || diverged) continue;
    names.push_back(runs[i].name);
    rates.push_back(method.learning_rate);
    gaps.push_back(largest_distance(records[i], records[flow->second], plan.times));
    if (!(gaps.back() > 0.0)) continue;
    series[key].first.push_back(rates.back());
    series[key].second.push_back(gaps.back());
  }
  if (names.empty()) return;
  study.column("/flow_gap/run", names, "run", "1", "gradient descent held against the flow");
  study.column("/flow_gap/learning_rate", rates, "run", "1", "of the descent");
  const auto count = static_cast<std::int64_t>(gaps.size());
  put_masked(study, "/flow_gap/distance", gaps, {count}, {"run"},
             "largest relative distance of the matrices over the stated times");
  std::vector<double> exponents;
  std::vector<double> errors;
  for (const auto& [key, points] : series) {
    if (points.first.size() < 3) continue;
    const PowerLaw law = fit_power_law(points.first, points.second);
    exponents.push_back(law.exponent);
    errors.push_back(law.exponent_error);
  }
  if (exponents.empty()) return;
  study.column("/flow_gap/exponent", exponents, "series", "1",
               "of the distance as a power of the rate, for each depth, start and instance");
  study.column("/flow_gap/exponent_error", errors, "series", "1", "standard error");
}

std::string gap_table(const Record& study) {
  const auto found = study.arrays.find("/flow_gap/run");
  if (found == study.arrays.end()) return "";
  const auto numbers = [&](const char* name) {
    const auto column = study.arrays.find(std::string("/flow_gap/") + name);
    return column == study.arrays.end() ? std::vector<double>{}
                                        : std::get<std::vector<double>>(column->second.values);
  };
  const auto& names = std::get<std::vector<std::string>>(found->second.values);
  std::string table =
      fmt::format("\n{:<40}  {:>13}  {:>18}\n", "descent", "learning rate", "distance from flow");
  for (std::size_t i = 0; i < names.size(); ++i) {
    table += fmt::format("{:<40}  {:>13.4g}  {:>18.3e}\n", names[i], numbers("learning_rate")[i],
                         numbers("distance")[i]);
  }
  const auto exponents = numbers("exponent");
  for (std::size_t i = 0; i < exponents.size(); ++i) {
    table += fmt::format("distance grows with rate^{:.3f} +- {:.3f} (standard error)\n",
                         exponents[i], numbers("exponent_error")[i]);
  }
  return table;
}

}  // namespace thalweg
