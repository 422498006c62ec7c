#include "studies/uci/uci_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <optional>
#include <utility>

#include "data/uci_set.hpp"
#include "records/checkpoint.hpp"
#include "records/schema.hpp"
#include "runs/beginning.hpp"
#include "studies/uci/uci_evaluation.hpp"
#include "studies/uci/uci_settings.hpp"
#include "studies/uci/uci_summary.hpp"

namespace thalweg {

namespace {

std::string checkpoint_of(const StudyContext& context, const std::string& set) {
  return context.output_folder + "/checkpoints/" + set + ".h5";
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

/// The sets are those of the study's beginning, none less and none more.
void hold_sets(const UciSpec& plan, const std::vector<SetSize>& sets, const StudyContext& context) {
  BegunFacts facts;
  std::string names;
  for (const auto& set : sets) {
    names += (names.empty() ? "" : ", ") + set.name;
    facts[fmt::format("[uci] path = {} ({})", plan.path, set.name)] =
        fmt::format("{} samples of checksum {}", set.samples, hexadecimal(set.checksum));
  }
  facts[fmt::format("[uci] path = {} (its sets)", plan.path)] = names;
  hold_to_beginning(context, facts);
}

/// Works off this rank's sets; false when it stopped first. Local.
bool work_off(const std::vector<std::string>& mine, const UciSpec& plan,
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

Record make_record(const UciSpec& plan, const std::string& resolved, const StudyContext& context,
                   const std::vector<std::string>& kernels, const std::vector<UciResult>& results) {
  Record record;
  record.attributes["team_size"] = std::int64_t{1};
  add_study_attributes(record, plan.header, context, resolved);
  add_uci_results(record, kernels, results);
  return record;
}

ExitCode run_uci_study(const UciSpec& plan, const std::string& resolved,
                       const StudyContext& context) {
  const Communicator& world = context.world;
  const std::string study = context.output_folder + "/study.h5";
  const auto sets = find_uci_sets(plan, context);
  hold_sets(plan, sets, context);
  bool finished = false;
  collectively(world, [&] {
    finished = work_off(sets_of(sets, world.size(), world.rank()), plan, context);
  });
  if (world.any(!finished)) {
    if (world.is_root()) {
      context.log.info("interrupted; finished sets are kept: " + context.how_to_resume());
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
    write_record(study, make_record(plan, resolved, context, kernels, results));
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
  const UciSpec plan = read_uci_spec(settings, header);
  return [settings, plan, &context](StudyStart /*start*/) {
    return run_uci_study(plan, recorded_configuration(settings), context);
  };
}

}  // namespace thalweg
