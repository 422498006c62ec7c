#include "landscape/surface_settings.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "runs/run_choice.hpp"

namespace thalweg {

namespace {

constexpr std::array<std::pair<SurfaceAxes, const char*>, 4> kAxes{
    {{SurfaceAxes::random, "random"},
     {SurfaceAxes::eigenvectors, "eigenvectors"},
     {SurfaceAxes::pca, "pca"},
     {SurfaceAxes::points, "points"}}};
constexpr std::array<std::pair<DirectionNorm, const char*>, 3> kNorms{
    {{DirectionNorm::none, "none"},
     {DirectionNorm::layer, "layer"},
     {DirectionNorm::filter, "filter"}}};

template <class Table, class Value>
std::string name_in(const Table& table, Value value) {
  for (const auto& [entry, name] : table) {
    if (entry == value) return name;
  }
  return "";
}

/// A choice of one of the table's names.
template <class Table, class Value>
Value read_choice(const Settings& settings, const char* key, const Table& table, Value fallback) {
  std::vector<std::string> names;
  names.reserve(table.size());
  for (const auto& [entry, name] : table) names.emplace_back(name);
  const auto chosen = settings.choice(key, names, name_in(table, fallback));
  for (const auto& [entry, name] : table) {
    if (chosen == name) return entry;
  }
  return fallback;
}

std::optional<SurfaceRange> read_range(const Settings& table, const char* key,
                                       std::optional<SurfaceRange> fallback) {
  if (!fallback && !table.has(key)) return std::nullopt;
  std::vector<double> otherwise;
  if (fallback) otherwise = {fallback->low, fallback->high};
  const auto ends = table.numbers(key, otherwise);
  if (ends.size() != 2 || !(ends[0] < ends[1]) || !std::isfinite(ends[0]) ||
      !std::isfinite(ends[1])) {
    table.fail(key, "expected two finite numbers, [low, high], low below high");
  }
  return SurfaceRange{ends[0], ends[1]};
}

/// Along what the axes point, and how long they are.
void read_axes(const Settings& table, SurfaceSpec& plan) {
  if (table.has("toward")) {
    plan.axes = SurfaceAxes::points;
    plan.toward = table.strings("toward", {});
    if (plan.toward.empty() || plan.toward.size() > 2) {
      table.fail("toward", fmt::format("found {} names, expected one run or group for a line, two "
                                       "for a plane",
                                       plan.toward.size()));
    }
    if (table.has("directions")) {
      table.fail("directions", "toward already says where the axes point; leave one out");
    }
  } else {
    plan.axes = read_choice(table, "directions", kAxes, SurfaceAxes::random);
    if (plan.axes == SurfaceAxes::points) {
      table.fail("directions", "found \"points\": name them, toward = [\"…\", \"…\"]");
    }
  }
  const bool random = plan.axes == SurfaceAxes::random;
  if (plan.axes == SurfaceAxes::random || plan.axes == SurfaceAxes::eigenvectors) {
    plan.norm =
        read_choice(table, "norm", kNorms, random ? DirectionNorm::filter : DirectionNorm::none);
    plan.biases_left_out =
        table.choice("ignore", {"biases", "nothing"},
                     plan.norm == DirectionNorm::none ? "nothing" : "biases") == "biases";
  } else {
    plan.norm = DirectionNorm::none;
    plan.biases_left_out = false;
  }
  if (plan.axes == SurfaceAxes::pca) {
    plan.centring = table.choice("centring", {"last", "mean"}, "last") == "mean" ? Centring::mean
                                                                                 : Centring::last;
  }
  if (plan.axes == SurfaceAxes::eigenvectors) {
    plan.iterations = table.integer_at_least("iterations", 2, plan.iterations);
    plan.tolerance = table.positive("tolerance", plan.tolerance);
  }
}

void read_grid(const Settings& table, SurfaceSpec& plan) {
  const bool line = plan.axes == SurfaceAxes::points && plan.toward.size() == 1;
  plan.nx = table.integer_at_least("nx", 2, plan.nx);
  plan.ny = table.integer_at_least("ny", 1, line ? 1 : plan.ny);
  if (plan.axes == SurfaceAxes::points && (plan.ny == 1) != line) {
    table.fail("ny", fmt::format("found {}, but toward names {} run{}", plan.ny, plan.toward.size(),
                                 line ? "" : "s"));
  }
  constexpr std::int64_t most = 100000000;
  if (plan.nx > most / plan.ny) {
    table.fail("nx", fmt::format("{} × {} points, expected at most {}", plan.nx, plan.ny, most));
  }
  std::optional<SurfaceRange> fallback = SurfaceRange{};
  if (plan.axes == SurfaceAxes::points) fallback = SurfaceRange{-0.5, 1.5};
  if (plan.axes == SurfaceAxes::pca) fallback = std::nullopt;
  plan.x = read_range(table, "x", fallback);
  if (!plan.is_line()) plan.y = read_range(table, "y", fallback);
}

}  // namespace

std::string name_of(SurfaceAxes axes) {
  return name_in(kAxes, axes);
}

std::string name_of(DirectionNorm norm) {
  return name_in(kNorms, norm);
}

std::vector<SurfaceSpec> read_surface_specs(const Settings& settings,
                                            const std::vector<RunSpec>& runs,
                                            std::uint64_t study_seed) {
  std::vector<SurfaceSpec> plans;
  ChosenNames names;
  for (const auto& table : settings.tables("surface")) {
    SurfaceSpec plan;
    read_axes(table, plan);
    read_grid(table, plan);
    plan.reestimated = table.choice("statistics", {"frozen", "re-estimated"},
                                    plan.axes == SurfaceAxes::points ? "re-estimated" : "frozen") ==
                       "re-estimated";
    plan.samples = table.integer_at_least("samples", 0, 0);
    plan.seed = study_seed;
    if (plan.axes == SurfaceAxes::random || plan.axes == SurfaceAxes::eigenvectors) {
      plan.seed = static_cast<std::uint64_t>(
          table.integer_at_least("seed", 0, static_cast<std::int64_t>(study_seed)));
    }
    std::vector<std::string> asked{table.string("run", runs.front().group)};
    asked.insert(asked.end(), plan.toward.begin(), plan.toward.end());
    for (const auto& choice : choose_runs(table, "run", asked, runs)) {
      plan.name = names.take(table, "surface", choice.suffix);
      plan.run = choice.runs.front();
      plan.toward.assign(choice.runs.begin() + 1, choice.runs.end());
      plans.push_back(plan);
    }
  }
  return plans;
}

void check_surface(const SurfaceSpec& plan, const RunSpec& run, std::int64_t samples) {
  if (plan.axes == SurfaceAxes::pca && !run.train.has_snapshots()) {
    throw ConfigurationError(
        fmt::format("surface {}: principal components need snapshots of run {}: [train] "
                    "snapshot_every_epochs or snapshot_every_steps",
                    plan.name, plan.run));
  }
  if (samples >= 0 && plan.samples > samples) {
    throw ConfigurationError(fmt::format("surface {}: samples is {}, but the training set has {}",
                                         plan.name, plan.samples, samples));
  }
}

}  // namespace thalweg
