#include "studies/completion/completion_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "studies/completion/method_settings.hpp"

namespace thalweg {

namespace {

/// As low_rank_sample takes them.
constexpr std::int64_t kMostElements = 100000000;

double bounded(const Settings& table, const char* key, double least, double most, double usual) {
  const double value = table.number_at_least(key, least, usual);
  if (value > most) {
    table.fail(key, fmt::format("found {}, expected at most {}", value, most));
  }
  return value;
}

void read_low_rank(const Settings& table, MatrixSpec& plan) {
  plan.low_rank.rows = table.integer_at_least("rows", 1, plan.low_rank.rows);
  plan.low_rank.columns = table.integer_at_least("columns", 1, plan.low_rank.columns);
  plan.low_rank.rank = table.integer_at_least("rank", 1, plan.low_rank.rank);
  plan.low_rank.coherence = bounded(table, "coherence", 0.0, 10.0, 0.0);
  plan.low_rank.noise = bounded(table, "noise", 0.0, 1e6, 0.0);
  plan.low_rank.law = table.choice("law", {"normal", "uniform"}, "normal");
  plan.low_rank.validation = table.integer_at_least("validation", 0, 0);
  plan.measurements = table.integer_at_least("measurements", 0, 0);
  if (plan.low_rank.columns > kMostElements / plan.low_rank.rows) {
    table.fail("columns", fmt::format("found {} and {} rows, expected at most {} elements",
                                      plan.low_rank.columns, plan.low_rank.rows, kMostElements));
  }
  if (plan.measurements > 0 && plan.low_rank.validation > 0) {
    table.fail("validation",
               fmt::format("found {}, expected none: it is for observed entries, and there are "
                           "measurements in their place",
                           plan.low_rank.validation));
  }
  const std::int64_t least = std::min(plan.low_rank.rows, plan.low_rank.columns);
  if (plan.low_rank.rank > least) {
    table.fail("rank", fmt::format("found {}, expected at most {}, the shorter side",
                                   plan.low_rank.rank, least));
  }
}

MatrixSpec read_matrix(const Settings& table) {
  MatrixSpec plan;
  const auto source =
      table.choice("source", {"low_rank", "ratings", "razin_cohen", "regression"}, "low_rank");
  if (source == "low_rank") {
    read_low_rank(table, plan);
  } else if (source == "ratings") {
    plan.source = MatrixSource::ratings;
    plan.ratings.path = table.string("path", "");
    if (plan.ratings.path.empty()) table.fail("path", "expected a file of ratings");
    table.expect_file("path", plan.ratings.path);
    plan.ratings.train = table.integer_at_least("train", 0, 0);
    plan.ratings.validation = table.integer_at_least("validation", 0, 0);
    plan.centre = table.boolean("centre", false);
  } else if (source == "regression") {
    plan.source = MatrixSource::regression;
    plan.samples = table.integer_at_least("samples", 1, 200);
    plan.features = table.integer_at_least("features", 1, 20);
    plan.condition = table.number_at_least("condition", 1.0, 10.0);
    if (plan.samples < plan.features) {
      table.fail("samples", fmt::format("found {}, expected at least the {} features", plan.samples,
                                        plan.features));
    }
  } else {
    plan.source = MatrixSource::razin_cohen;
  }
  return plan;
}

std::vector<std::int64_t> distinct_counts(const Settings& table, const char* key,
                                          std::int64_t least, std::vector<std::int64_t> usual) {
  auto values = table.integers(key, usual);
  std::set<std::int64_t> seen;
  for (const auto value : values) {
    if (value < least) {
      table.fail(key, fmt::format("found {}, expected at least {}", value, least));
    }
    if (!seen.insert(value).second) table.fail(key, fmt::format("{} stands there twice", value));
  }
  if (values.empty()) table.fail(key, "expected at least one number");
  return values;
}

void read_sweep(const Settings& table, const StudyHeader& header, CompletionSpec& plan) {
  plan.instances = distinct_counts(table, "instances", 0, {header.seed});
  plan.observed = {0};
  if (plan.matrix.source != MatrixSource::low_rank || plan.matrix.measurements > 0) return;
  const std::int64_t elements = plan.matrix.low_rank.rows * plan.matrix.low_rank.columns;
  plan.observed = distinct_counts(table, "observed", 1, {plan.matrix.low_rank.observed});
  for (const auto count : plan.observed) {
    if (count + plan.matrix.low_rank.validation > elements) {
      table.fail("observed",
                 fmt::format("found {}, and {} for validation, expected at most the {} elements",
                             count, plan.matrix.low_rank.validation, elements));
    }
  }
}

ResidualLoss read_loss(const Settings& table, std::string& scale) {
  ResidualLoss loss;
  loss.exponent = bounded(table, "exponent", 2.0, 64.0, 2.0);
  scale = table.choice("scale", {"mean", "half_sum", "mean_over_exponent"}, "mean");
  loss.mean = scale != "half_sum";
  if (scale == "half_sum") loss.factor = .5;
  if (scale == "mean_over_exponent") loss.factor = 1.0 / loss.exponent;
  return loss;
}

const std::vector<Key>& stated_keys() {
  static const std::vector<Key> keys{
      {"target_loss", 1e-6, {.least = 0.0}, "training loss that ends a trajectory"},
      {"max_steps", std::int64_t{1000000}, {.least = 1.0}, "of descent; iterations of the others"},
      {"max_time", 1e7, {.above = 0.0}, "of flows"},
      {"times",
       std::vector<double>{},
       {.least = 0.0},
       "to measure at, ascending, multiples of every learning rate; []: by decades"},
      {"singular_values", std::int64_t{10}, {.least = 1.0}, "that are kept, the largest"},
      {"alignment", true, {}, "whether that of neighbouring factors is measured"},
      {"keep_matrices", false, {}, "whether the completed matrices are recorded"},
      {"precision", std::string("float64"), {.words = {"float32", "float64"}}, "of factors"},
      {"checkpoint_every_s",
       CompletionSpec().checkpoint_every_s,
       {.above = 0.0},
       "seconds between two checkpoints of a run"}};
  return keys;
}

void check_times(const Settings& table, const std::vector<double>& times) {
  for (std::size_t i = 1; i < times.size(); ++i) {
    if (times[i] > times[i - 1]) continue;
    table.fail("times", fmt::format("found {}, expected times from 0 on, ascending", times[i]));
  }
  if (!times.empty() && times.back() == 0.0) {
    table.fail("times", "expected at least one time above 0");
  }
}

/// What says where a trajectory is measured that has no stated times.
std::vector<Key> decade_keys() {
  return {{"points_per_decade",
           10.0,
           {.least = 1.0, .most = 1000.0},
           "of steps at which a trajectory without stated times is measured"},
          {"first_time", 1.0, {.above = 0.0}, "from which on those of flows are"}};
}

void read_train(const Settings& table, CompletionSpec& plan) {
  const Values values(table, stated_keys());
  plan.target_loss = values.number("target_loss");
  plan.max_steps = values.integer("max_steps");
  plan.max_time = values.number("max_time");
  plan.times = values.numbers("times");
  check_times(table, plan.times);
  if (!plan.times.empty() && plan.times.front() > 0.0) plan.times.insert(plan.times.begin(), 0.0);
  if (plan.times.empty()) {
    const Values decades(table, decade_keys());
    plan.points_per_decade = decades.number("points_per_decade");
    plan.first_time = decades.number("first_time");
  }
  plan.singular_values = values.integer("singular_values");
  plan.alignment = values.boolean("alignment");
  plan.keep_matrices = values.boolean("keep_matrices");
  plan.wide = values.string("precision") == "float64";
  plan.checkpoint_every_s = values.number("checkpoint_every_s");
}

/// Methods that need entries, not measurements; starts that need to know the matrix.
void check_methods(const Settings& settings, const CompletionSpec& plan) {
  const bool measured =
      plan.matrix.source == MatrixSource::regression ||
      (plan.matrix.source == MatrixSource::low_rank && plan.matrix.measurements > 0);
  const bool known = plan.matrix.source == MatrixSource::low_rank;
  for (const auto& method : plan.methods) {
    if (measured && !method.is_trajectory()) {
      settings.table("matrix").fail(
          plan.matrix.measurements > 0 ? "measurements" : "source",
          fmt::format("method '{}' needs elements of a matrix, not measurements", method.name));
    }
    if (!known && method.start == FactorStart::aligned) {
      settings.table("matrix").fail(
          "source", fmt::format("method '{}' starts aligned with the matrix, which is known of "
                                "\"low_rank\" alone",
                                method.name));
    }
    for (const double time : plan.times) {
      const double rate = method.learning_rate;
      if (!method.is_trajectory() || method.is_flow) break;
      if (std::abs(std::round(time / rate) * rate - time) <= 1e-9 * time) continue;
      settings.table("train").fail(
          "times", fmt::format("found {}, expected multiples of the learning rate {} of '{}'", time,
                               rate, method.name));
    }
    if (!plan.wide && (method.is_flow || method.type == MethodType::end_to_end)) {
      settings.table("train").fail(
          "precision", fmt::format("method '{}' is a flow, which needs float64", method.name));
    }
  }
}

}  // namespace

std::vector<Key> completion_train_keys() {
  std::vector<Key> keys = stated_keys();
  for (auto& key : decade_keys()) keys.push_back(std::move(key));
  return keys;
}

CompletionSpec read_completion(const Settings& settings, const StudyHeader& header, int ranks) {
  check_team_size(settings, header, ranks);
  CompletionSpec plan;
  plan.matrix = read_matrix(settings.table("matrix"));
  plan.loss = read_loss(settings.table("loss"), plan.loss_scale);
  read_sweep(settings.table("sweep"), header, plan);
  read_train(settings.table("train"), plan);
  std::set<std::string> names;
  for (const auto& table : settings.tables("method")) {
    const std::size_t before = plan.methods.size();
    read_methods(table, plan.methods);
    for (std::size_t m = before; m < plan.methods.size(); ++m) {
      if (!names.insert(plan.methods[m].name).second) {
        table.fail("name", fmt::format("two methods are called '{}', expected a name for each",
                                       plan.methods[m].name));
      }
    }
  }
  if (plan.methods.empty()) {
    settings.fail("[[method]]", "expected at least one, for a study of kind \"completion\"");
  }
  check_methods(settings, plan);
  for (const auto instance : plan.instances) {
    plan.probes[instance] = read_factor_probes(
        settings, {static_cast<std::uint64_t>(header.seed), static_cast<std::uint64_t>(instance)});
  }
  if (!plan.probes.at(plan.instances.front()).empty() &&
      std::none_of(plan.methods.begin(), plan.methods.end(), [](const MethodSpec& method) {
        return method.type == MethodType::factorization;
      })) {
    settings.fail("[[probe]]",
                  "probes are for methods of type \"factorization\", of which there "
                  "is none");
  }
  return plan;
}

std::vector<CompletionRun> completion_runs(const CompletionSpec& plan) {
  std::vector<CompletionRun> runs;
  for (const auto observed : plan.observed) {
    for (std::size_t m = 0; m < plan.methods.size(); ++m) {
      const std::string group = plan.observed.size() > 1
                                    ? fmt::format("{}-observed{}", plan.methods[m].name, observed)
                                    : plan.methods[m].name;
      for (const auto instance : plan.instances) {
        runs.push_back(
            {fmt::format("{}-instance{}", group, instance), group, m, instance, observed});
      }
    }
  }
  return runs;
}

}  // namespace thalweg
