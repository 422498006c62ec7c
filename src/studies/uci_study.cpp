#include "studies/uci_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <optional>
#include <sstream>
#include <utility>

#include "data/uci_set.hpp"
#include "records/checkpoint.hpp"
#include "records/schema.hpp"
#include "studies/uci_evaluation.hpp"
#include "studies/uci_kernels.hpp"
#include "studies/uci_summary.hpp"

namespace thalweg {

namespace {

struct UciPlan {
  StudyHeader header;
  std::string path;
  std::vector<std::string> sets;  ///< empty: all
  std::int64_t largest = 5000;
  UciProtocol protocol;
  std::vector<KernelFamily> families;
  std::string resolved;
};

/// A set to be evaluated.
struct SetSize {
  std::string name;
  std::int64_t samples = 0;
};

std::string checkpoint_of(const StudyContext& context, const std::string& set) {
  return context.output_folder + "/checkpoints/" + set + ".h5";
}

/// The sets of the study in ascending order, read whole and checked.
std::vector<SetSize> find_sets(const UciPlan& plan, const Log& log) {
  const auto found = uci_set_names(plan.path);
  auto wanted = plan.sets.empty() ? found : plan.sets;
  std::sort(wanted.begin(), wanted.end());
  std::vector<SetSize> sets;
  for (const auto& name : wanted) {
    if (!std::binary_search(found.begin(), found.end(), name)) {
      throw ConfigurationError(
          fmt::format("[uci] sets: there is no set \"{}\" in {}", name, plan.path));
    }
    const UciSet set = read_uci_set(plan.path + "/" + name);
    if (set.size() > plan.largest) {
      log.info(fmt::format("{}: {} samples, more than [uci] largest = {}; left out", name,
                           set.size(), plan.largest));
      continue;
    }
    sets.push_back({name, set.size()});
  }
  if (sets.empty()) throw ConfigurationError("[uci]: no set is left to work on");
  return sets;
}

/// The same list on every rank. Collective over world.
std::vector<SetSize> agree_on_sets(const UciPlan& plan, const StudyContext& context) {
  std::vector<SetSize> sets;
  std::string text;
  collectively(context.world, [&] {
    if (!context.world.is_root()) return;
    for (const auto& set : find_sets(plan, context.log)) {
      text += fmt::format("{}/{}\n", set.name, set.samples);
    }
  });
  std::istringstream lines(context.world.broadcast(text));
  for (std::string line; std::getline(lines, line);) {
    const auto slash = line.rfind('/');
    sets.push_back({line.substr(0, slash), std::stoll(line.substr(slash + 1))});
  }
  return sets;
}

/// The sets of each rank: most work first, each to the rank with the least so far.
std::vector<std::string> sets_of(const std::vector<SetSize>& sets, int ranks, int rank) {
  const auto cost = [](const SetSize& set) {
    return std::pow(static_cast<double>(set.samples), 3);
  };
  std::vector<SetSize> order = sets;
  std::stable_sort(order.begin(), order.end(),
                   [&](const auto& a, const auto& b) { return a.samples > b.samples; });
  std::vector<double> load(static_cast<std::size_t>(ranks), 0.0);
  std::vector<std::string> mine;
  for (const auto& set : order) {
    const auto least = std::min_element(load.begin(), load.end());
    *least += cost(set);
    if (least - load.begin() == rank) mine.push_back(set.name);
  }
  return mine;
}

/// Works off this rank's sets; false when it stopped first. Local.
bool work_off(const std::vector<std::string>& mine, const UciPlan& plan,
              const StudyContext& context) {
  const auto stop = [&] { return context.time_to_stop(); };
  for (const auto& name : mine) {
    const std::string checkpoint = checkpoint_of(context, name);
    if (read_newest_checkpoint(checkpoint)) continue;
    const UciSet set = read_uci_set(plan.path + "/" + name);
    std::optional<UciResult> result;
    try {
      result = evaluate_uci_set(set, plan.families, plan.protocol, stop);
    } catch (const Error& error) {
      throw Error(fmt::format("set {}: {}", name, error.what()), error.code());
    }
    if (!result) return false;
    write_checkpoint(checkpoint, uci_checkpoint(*result));
    context.log.info(fmt::format("{}: {} samples, {} features, {} classes: {:.1f} s", name,
                                 result->samples, result->features, result->classes,
                                 result->elapsed_s));
  }
  return true;
}

Record make_record(const UciPlan& plan, const StudyContext& context,
                   const std::vector<std::string>& kernels, const std::vector<UciResult>& results) {
  Record record;
  record.attributes["team_size"] = std::int64_t{1};
  add_study_attributes(record, plan.header, context, plan.resolved);
  add_uci_results(record, kernels, results);
  return record;
}

ExitCode run_uci_study(const UciPlan& plan, const StudyContext& context) {
  const Communicator& world = context.world;
  const std::string study = context.output_folder + "/study.h5";
  const auto sets = agree_on_sets(plan, context);
  bool finished = false;
  collectively(world, [&] {
    finished = work_off(sets_of(sets, world.size(), world.rank()), plan, context);
  });
  if (world.any(!finished)) {
    if (world.is_root()) {
      context.log.info("interrupted; finished sets are kept: run again with --resume");
    }
    return ExitCode::checkpointed;
  }
  collectively(world, [&] {
    if (!world.is_root()) return;
    std::vector<std::string> kernels;
    for (const auto& family : plan.families) kernels.push_back(family.name);
    std::vector<UciResult> results;
    for (const auto& set : sets) {
      const auto checkpoint = read_newest_checkpoint(checkpoint_of(context, set.name));
      if (!checkpoint) {
        throw Error(
            fmt::format("{}: not there or broken, though its set is done; run again with "
                        "--resume",
                        checkpoint_of(context, set.name)));
      }
      results.push_back(uci_result(*checkpoint));
    }
    write_record(study, make_record(plan, context, kernels, results));
    for (const auto& set : sets) remove_checkpoint(checkpoint_of(context, set.name));
    std::error_code ignored;
    std::filesystem::remove(context.output_folder + "/checkpoints", ignored);
    fmt::print("{}record: {}\n", uci_table(kernels, results), study);
    std::fflush(stdout);
  });
  return ExitCode::done;
}

}  // namespace

StudyBody prepare_uci_study(const Settings& settings, const StudyHeader& header,
                            StudyContext& context) {
  UciPlan plan;
  plan.header = header;
  if (header.team_size != 0) {
    settings.table("study").fail("team_size", "a set is the work of one rank; leave it out");
  }
  const Settings table = settings.table("uci");
  const std::string path = table.string("path", "");
  if (path.empty()) table.fail("path", "expected the folder that holds a folder for each set");
  plan.path = std::filesystem::absolute(path).lexically_normal().string();
  plan.sets = table.strings("sets", {});
  for (std::size_t i = 0; i < plan.sets.size(); ++i) {
    const auto& name = plan.sets[i];
    if (name.empty() || name.find('/') != std::string::npos || name.front() == '.') {
      table.fail("sets", fmt::format("found \"{}\", expected the name of a folder", name));
    }
    if (std::find(plan.sets.begin(), plan.sets.begin() + static_cast<std::ptrdiff_t>(i), name) !=
        plan.sets.begin() + static_cast<std::ptrdiff_t>(i)) {
      table.fail("sets", fmt::format("\"{}\" is there twice", name));
    }
  }
  plan.largest = table.integer_at_least("largest", 1, plan.largest);
  plan.protocol.relative_ridges =
      table.numbers("ridges", {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0});
  for (const double ridge : plan.protocol.relative_ridges) {
    if (!(ridge > 0.0 && std::isfinite(ridge))) {
      table.fail("ridges", fmt::format("found {}, expected more than 0", ridge));
    }
  }
  if (plan.protocol.relative_ridges.empty()) table.fail("ridges", "expected at least one value");
  plan.protocol.criterion =
      table.choice("criterion", {"accuracy", "squared_error"}, "accuracy") == "accuracy"
          ? LeaveOneOutCriterion::accuracy
          : LeaveOneOutCriterion::squared_error;
  plan.families = read_kernel_families(settings);
  return [settings, plan, &context](StudyStart /*start*/) mutable {
    plan.resolved = recorded_configuration(settings);
    return run_uci_study(plan, context);
  };
}

}  // namespace thalweg
