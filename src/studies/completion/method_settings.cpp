#include "studies/completion/method_settings.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "optimizers/flow/flow_step.hpp"
#include "optimizers/optimizer_settings.hpp"

namespace thalweg {

namespace {

/// Of a method: runs have more in their names, and files 255 bytes.
constexpr std::size_t kLongestName = 100;
constexpr std::int64_t kWidest = 100000;

/// A list of numbers above 0.
std::vector<double> positives(const Settings& table, const char* key, std::vector<double> usual) {
  auto values = table.numbers(key, usual);
  if (values.empty()) table.fail(key, "expected at least one number");
  for (const double value : values) {
    if (!std::isfinite(value) || value <= 0.0) {
      table.fail(key, fmt::format("found {}, expected numbers above 0", value));
    }
  }
  return values;
}

std::vector<std::int64_t> counts(const Settings& table, const char* key,
                                 std::vector<std::int64_t> usual) {
  auto values = table.integers(key, usual);
  if (values.empty()) table.fail(key, "expected at least one number");
  for (const auto value : values) {
    if (value < 1 || value > 1000000) {
      table.fail(key, fmt::format("found {}, expected numbers from 1 to 1000000", value));
    }
  }
  return values;
}

FlowOptions read_flow(const Settings& table) {
  const Key absolute{"absolute_tolerance", 0.0, {.least = 0.0}, "of what is next to nothing"};
  const Values values(table, {relative_tolerance_key(), absolute});
  return {.relative_tolerance = values.number("relative_tolerance"),
          .absolute_tolerance = values.number("absolute_tolerance")};
}

FactorStart start_named(const std::string& name) {
  if (name == "identity") return FactorStart::identity;
  if (name == "orthogonal") return FactorStart::orthogonal;
  return name == "aligned" ? FactorStart::aligned : FactorStart::gaussian;
}

void refuse_lars(const Settings& table, const OptimizerOptions& optimizer) {
  if (optimizer.type == "lars") {
    table.fail("type", "lars is for networks, whose layers it scales one by one");
  }
}

/// The optimiser of a factorisation, and the rates it is to be tried with.
std::vector<double> read_optimizer(const Settings& table, MethodSpec& method) {
  std::vector<std::string> types;
  for (const auto& kind : optimizer_kinds()) types.push_back(kind.name);
  method.is_flow = table.choice("type", types, "sgd") == "flow";
  if (method.is_flow) {
    method.flow = read_flow(table);
    return {0.0};
  }
  if (table.is_list("learning_rate")) {
    table.fail("learning_rate", "expected one number; learning_rates takes several");
  }
  std::vector<double> rates;
  if (table.has("learning_rates")) {
    if (table.has("learning_rate")) {
      table.fail("learning_rates", "learning_rate is there too, expected one of the two");
    }
    rates = positives(table, "learning_rates", {});
    method.optimizer = optimizer_settings(table);
  } else {
    double rate = 0.0;
    method.optimizer = optimizer_settings(table, rate);
    rates = {rate};
  }
  refuse_lars(table, method.optimizer);
  return rates;
}

/// "depth3", or "depth3-scale0.001-rate0.1": a part for every list of several values.
std::string joined(const std::string& base, const std::string& part, bool is_told) {
  if (!is_told) return base;
  return base.empty() ? part : base + "-" + part;
}

void read_factors(const Settings& table, const std::string& name, MethodSpec method,
                  std::vector<MethodSpec>& methods) {
  const auto depths = counts(table, "depths", {2});
  const auto scales = positives(table, "scales", {1e-3});
  const bool is_product = method.type == MethodType::end_to_end;
  method.start =
      start_named(table.choice("start", {"gaussian", "identity", "orthogonal", "aligned"},
                               is_product ? "orthogonal" : "gaussian"));
  std::vector<double> rates{0.0};
  if (is_product) {
    if (method.start == FactorStart::gaussian) {
      table.fail("start",
                 "found \"gaussian\", expected a balanced start: identity, orthogonal or "
                 "aligned");
    }
    method.is_flow = true;
    const Settings optimizer = table.table("optimizer");
    static_cast<void>(optimizer.choice("type", {"flow"}, "flow"));
    method.flow = read_flow(optimizer);
  } else {
    method.hidden = table.integer_at_least("hidden", 0, 0);
    if (method.hidden > kWidest) {
      table.fail("hidden", fmt::format("found {}, expected at most {}", method.hidden, kWidest));
    }
    if (method.hidden > 0 && method.start != FactorStart::gaussian) {
      table.fail("hidden", "is for the start \"gaussian\"; others are as wide as the shorter side");
    }
    rates = read_optimizer(table.table("optimizer"), method);
  }
  for (const auto depth : depths) {
    if (depth > 64) table.fail("depths", fmt::format("found {}, expected at most 64", depth));
    for (const double scale : scales) {
      for (const double rate : rates) {
        MethodSpec one = method;
        one.depth = static_cast<int>(depth);
        one.scale = scale;
        one.learning_rate = rate;
        one.name = joined(name, fmt::format("depth{}", depth), depths.size() > 1);
        one.name = joined(one.name, fmt::format("scale{:g}", scale), scales.size() > 1);
        one.name = joined(one.name, fmt::format("rate{:g}", rate), rates.size() > 1);
        methods.push_back(std::move(one));
      }
    }
  }
}

void read_als(const Settings& table, const std::string& name, MethodSpec method,
              std::vector<MethodSpec>& methods) {
  const auto ranks = counts(table, "ranks", {5});
  const auto ridges = positives(table, "ridges", {0.1});
  method.als.by_count = table.boolean("ridge_by_count", method.als.by_count);
  method.als_tolerance = table.positive("tolerance", method.als_tolerance);
  for (const auto rank : ranks) {
    for (const double ridge : ridges) {
      MethodSpec one = method;
      one.als.rank = rank;
      one.als.ridge = ridge;
      one.name = joined(name, fmt::format("rank{}", rank), ranks.size() > 1);
      one.name = joined(one.name, fmt::format("ridge{:g}", ridge), ridges.size() > 1);
      methods.push_back(std::move(one));
    }
  }
}

MeanKind mean_named(const std::string& name) {
  if (name == "row") return MeanKind::row;
  if (name == "column") return MeanKind::column;
  return name == "row_column" ? MeanKind::row_column : MeanKind::all;
}

}  // namespace

void read_methods(const Settings& table, std::vector<MethodSpec>& methods) {
  MethodSpec method;
  const auto type = table.choice(
      "type", {"factorization", "end_to_end", "nuclear_norm", "als", "mean"}, "factorization");
  const auto name = table.string("name", type);
  const bool plain =
      !name.empty() && name.size() <= kLongestName && name.front() != '.' &&
      name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
          std::string::npos;
  if (!plain) {
    table.fail("name",
               fmt::format("found \"{}\", expected at most {} letters, digits, '.', '_' and "
                           "'-': it names files",
                           name, kLongestName));
  }
  if (type == "factorization" || type == "end_to_end") {
    method.type = type == "end_to_end" ? MethodType::end_to_end : MethodType::factorization;
    read_factors(table, name, method, methods);
  } else if (type == "als") {
    method.type = MethodType::als;
    read_als(table, name, method, methods);
  } else {
    method.name = name;
    if (type == "nuclear_norm") {
      method.type = MethodType::nuclear_norm;
      method.nuclear.threshold = table.number_at_least("threshold", 0.0, 0.0);
      method.gap_tolerance = table.positive("gap_tolerance", method.gap_tolerance);
      method.check_every = table.integer_at_least("check_every", 1, method.check_every);
    } else {
      method.type = MethodType::mean;
      method.mean =
          mean_named(table.choice("of", {"all", "row", "column", "row_column"}, "row_column"));
    }
    methods.push_back(std::move(method));
  }
}

}  // namespace thalweg
