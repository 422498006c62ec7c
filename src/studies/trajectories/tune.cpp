#include "studies/trajectories/tune.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "records/schema.hpp"
#include "settings/plain_name.hpp"

namespace thalweg {

namespace {

constexpr const char* kCriteria[] = {"validation_accuracy", "validation_loss", "train_loss",
                                     "steps_to_target"};

const char* name_of(TuneCriterion criterion) {
  return kCriteria[static_cast<std::size_t>(criterion)];
}

std::vector<double> grid(const Settings& table, const char* key,
                         const std::vector<double>& fallback) {
  auto values = table.numbers(key, fallback);
  if (values.empty()) table.fail(key, "expected at least one number");
  for (const double value : values) {
    if (!std::isfinite(value) || value <= 0.0) {
      table.fail(key, fmt::format("found {}, expected finite numbers greater than 0", value));
    }
  }
  std::sort(values.begin(), values.end());
  const auto twice = std::adjacent_find(values.begin(), values.end());
  if (twice != values.end()) table.fail(key, fmt::format("{} stands there twice", *twice));
  return values;
}

void read_length(const Settings& table, TuneOptions& options) {
  options.epochs = table.integer_at_least("epochs", 0, 0);
  options.steps = table.integer_at_least("steps", 0, 0);
  if (options.epochs > 0 && options.steps > 0) {
    table.fail("steps", "epochs already says how long a trial is; leave one out");
  }
}

/// Where it decides, or a target accuracy is to be judged, samples must be held out.
void read_validation(const Settings& table, const std::vector<RunSpec>& runs,
                     TuneOptions& options) {
  const bool decides = options.criterion == TuneCriterion::validation_accuracy ||
                       options.criterion == TuneCriterion::validation_loss;
  const bool judges = std::any_of(
      runs.begin(), runs.end(), [](const RunSpec& run) { return run.train.target_accuracy > 0.0; });
  options.validation = table.number_at_least("validation", 0.0, decides || judges ? 0.1 : 0.0);
  if (options.validation >= 1.0) {
    table.fail("validation", fmt::format("found {}, expected a share of the training samples, "
                                         "below 1",
                                         options.validation));
  }
  if (options.validation > 0.0) return;
  if (decides) {
    table.fail("validation", fmt::format("found 0, but the criterion \"{}\" needs held-out samples",
                                         name_of(options.criterion)));
  }
  if (judges) {
    table.fail("validation",
               "found 0, but trials judge [train] target_accuracy by held-out samples");
  }
}

std::string rate_text(double rate) {
  std::string text = fmt::format("{}", rate);
  text.erase(std::remove(text.begin(), text.end(), '+'), text.end());
  return text;
}

double last_of(const Record& record, const char* column) {
  const auto found = record.arrays.find(std::string("/trajectory/") + column);
  if (found == record.arrays.end()) return std::numeric_limits<double>::quiet_NaN();
  return std::get<std::vector<double>>(found->second.values).back();
}

/// Lower is better; the first number decides before the second.
std::pair<double, double> rank_of(TuneCriterion criterion, const TrialResult& result) {
  if (criterion == TuneCriterion::validation_accuracy) return {0.0, -result.value};
  if (criterion != TuneCriterion::steps_to_target) return {0.0, result.value};
  return std::isfinite(result.value) ? std::pair(0.0, result.value)
                                     : std::pair(1.0, result.train_loss);
}

}  // namespace

std::optional<TuneOptions> read_tune(const Settings& settings, std::uint64_t study_seed,
                                     const std::vector<RunSpec>& runs) {
  if (!settings.has("tune")) return std::nullopt;
  const Settings table = settings.table("tune");
  TuneOptions options;
  if (table.has("learning_rates")) {
    options.learning_rates = grid(table, "learning_rates", {});
    if (table.has("factors")) {
      table.fail("factors", "learning_rates already gives the grid; leave one out");
    }
  } else {
    options.factors = grid(table, "factors", {0.25, 0.5, 1.0, 2.0, 4.0});
  }
  const std::vector<std::string> criteria(std::begin(kCriteria), std::end(kCriteria));
  const auto name = table.choice("criterion", criteria, criteria.front());
  options.criterion = static_cast<TuneCriterion>(std::find(criteria.begin(), criteria.end(), name) -
                                                 criteria.begin());
  read_length(table, options);
  for (const auto& run : runs) {
    if (run.train.takes_steps()) continue;
    settings.fail("tune", fmt::format("the run '{}' takes no steps, expected some", run.name));
  }
  read_validation(table, runs, options);
  options.seed = static_cast<std::uint64_t>(
      table.integer_at_least("seed", 0, static_cast<std::int64_t>(study_seed)));
  if (options.criterion == TuneCriterion::steps_to_target) {
    for (const auto& run : runs) {
      if (run.train.has_target()) continue;
      table.fail("criterion",
                 fmt::format("found \"steps_to_target\", but the run '{}' has neither [train] "
                             "target_loss nor target_accuracy",
                             run.name));
    }
  }
  for (const auto& trial : trials_of(options, runs)) {
    const auto same = std::find_if(runs.begin(), runs.end(),
                                   [&](const RunSpec& run) { return run.name == trial.plan.name; });
    if (same != runs.end()) {
      settings.fail("tune", fmt::format("a run is called '{}' like one of the trials", same->name));
    }
    if (!is_plain_name(trial.plan.name)) {
      settings.fail("tune", fmt::format("the trial's name '{}' is longer than 100 characters",
                                        trial.plan.name));
    }
  }
  return options;
}

std::vector<Trial> trials_of(const TuneOptions& options, const std::vector<RunSpec>& runs) {
  std::vector<Trial> trials;
  std::string group;
  for (const auto& run : runs) {
    if (!trials.empty() && run.group == group) continue;
    group = run.group;
    std::vector<double> rates = options.learning_rates;
    for (const double factor : options.factors) rates.push_back(factor * run.learning_rate);
    for (std::size_t i = 0; i < rates.size(); ++i) {
      Trial trial;
      trial.group = group;
      trial.factor = options.factors.empty() ? rates[i] / run.learning_rate : options.factors[i];
      trial.plan = run;
      trial.plan.learning_rate = rates[i];
      // The run's name without its seed is its group's in a form that files may have.
      trial.plan.group = "tune-" + run.plain_group;
      trial.plan.name = fmt::format("{}-rate{}", trial.plan.group, rate_text(rates[i]));
      trial.plan.seed = options.seed;
      trial.plan.probes.clear();
      TrainOptions& train = trial.plan.train;
      train.validation = options.validation;
      train.target_on_validation = true;
      train.gradient_norm_every = false;
      train.snapshot_every_epochs = 0;
      train.snapshot_every_steps = 0;
      if (options.epochs > 0 || options.steps > 0) {
        train.epochs = options.epochs;
        train.steps = options.steps;
      }
      trials.push_back(std::move(trial));
    }
  }
  return trials;
}

std::optional<std::size_t> best_trial(TuneCriterion criterion,
                                      std::span<const TrialResult> results) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto rank = rank_of(criterion, results[i]);
    if (results[i].status == kDiverged || !std::isfinite(rank.second)) continue;
    if (!best || rank < rank_of(criterion, results[*best])) best = i;
  }
  return best;
}

TrialResult trial_result(TuneCriterion criterion, const Record& trial) {
  TrialResult result;
  result.status = std::get<std::string>(trial.attributes.at("status"));
  result.train_loss = last_of(trial, "train_loss");
  if (criterion == TuneCriterion::steps_to_target) {
    const auto& steps =
        std::get<std::vector<std::int64_t>>(trial.arrays.at("/trajectory/step").values);
    result.value = result.status == "finished" ? static_cast<double>(steps.back())
                                               : std::numeric_limits<double>::quiet_NaN();
  } else {
    result.value = last_of(trial, name_of(criterion));
  }
  return result;
}

std::vector<TunedRate> tuned_rates(const TuneOptions& options, const std::vector<Trial>& trials,
                                   const std::vector<TrialResult>& results) {
  std::vector<TunedRate> tuned;
  for (std::size_t begin = 0; begin < trials.size();) {
    std::size_t end = begin;
    while (end < trials.size() && trials[end].group == trials[begin].group) ++end;
    TunedRate rate;
    rate.group = trials[begin].group;
    const auto best = best_trial(options.criterion, std::span(results).subspan(begin, end - begin));
    if (best) {
      rate.trial = begin + *best;
      rate.at_edge = end - begin > 1 && (*best == 0 || begin + *best + 1 == end);
    }
    tuned.push_back(rate);
    begin = end;
  }
  return tuned;
}

void write_tune(Record& study, const TuneOptions& options, const std::vector<Trial>& trials,
                const std::vector<TrialResult>& results) {
  std::vector<std::string> groups;
  std::vector<std::string> names;
  std::vector<std::string> status;
  std::vector<double> factors;
  std::vector<double> rates;
  std::vector<double> values;
  std::vector<std::uint8_t> valid;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    groups.push_back(trials[i].group);
    names.push_back(trials[i].plan.name);
    status.push_back(results[i].status);
    factors.push_back(trials[i].factor);
    rates.push_back(trials[i].plan.learning_rate);
    values.push_back(results[i].value);
    valid.push_back(std::isfinite(results[i].value) && results[i].status != kDiverged ? 1 : 0);
  }
  std::vector<std::uint8_t> chosen(trials.size(), 0);
  std::vector<std::uint8_t> edge(trials.size(), 0);
  for (const auto& rate : tuned_rates(options, trials, results)) {
    if (!rate.trial) continue;
    chosen[*rate.trial] = 1;
    edge[*rate.trial] = rate.at_edge ? 1 : 0;
  }
  const auto put = [&](const char* name, const auto& column, const char* long_name) {
    study.column(std::string("/tune/") + name, column, "trial", "1", long_name);
  };
  put("trial", names, "name of the trial's run");
  put("group", groups, "group of runs whose learning rate was tuned");
  put("factor", factors, "learning rate of the trial over the group's own");
  put("learning_rate", rates, "learning rate of the trial");
  put("criterion", values, "value of the criterion at the trial's end");
  put("criterion_valid", valid, "1 where the criterion has a value");
  put("status", status, "finished, target_not_reached or diverged");
  put("chosen", chosen, "1 where the group's runs took this rate");
  put("at_edge", edge, "1 where the chosen rate ends its grid: the best one may lie beyond");
  study.group_attributes["/tune"]["criterion"] = std::string(name_of(options.criterion));
  study.group_attributes["/tune"]["validation"] = options.validation;
  study.group_attributes["/tune"]["seed"] = static_cast<std::int64_t>(options.seed);
  for (const auto& name : names) study.external_links["/runs/" + name] = "runs/" + name + ".h5";
}

}  // namespace thalweg
