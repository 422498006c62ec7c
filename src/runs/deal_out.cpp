#include "runs/deal_out.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "base/freed_memory.hpp"
#include "parallel/tickets.hpp"

namespace thalweg {

std::vector<std::size_t> longest_first(std::span<const double> costs) {
  std::vector<std::size_t> order(costs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return costs[a] > costs[b]; });
  return order;
}

Teams::Teams(const Communicator& world, std::int64_t team_size, std::size_t runs)
    : world_(&world),
      team_size_(team_size > 0
                     ? team_size
                     : std::max<std::int64_t>(1, world.size() / static_cast<std::int64_t>(runs))),
      count_(std::max<std::int64_t>(1, world.size() / team_size_)),
      index_(std::min<std::int64_t>(world.rank() / team_size_, count_ - 1)),
      team_(world.split(static_cast<int>(index_))),
      work_(team_) {}

namespace {

enum class Step : std::int64_t { passed_over, taken, done_before };

/// Whether the team makes this run. The root asks; collective over the team.
Step step_for(const Communicator& team, const Tickets& tickets, std::size_t run,
              const std::string& record, const Log& log) {
  auto step = Step::passed_over;
  collectively(team, [&] {
    if (!team.is_root() || !tickets.take(static_cast<std::int64_t>(run))) return;
    step = is_finished(record, log) ? Step::done_before : Step::taken;
  });
  return static_cast<Step>(team.max(static_cast<std::int64_t>(step)));
}

}  // namespace

Dealt deal_out(const Teams& teams, const std::string& folder, std::span<const DealtRun> runs,
               const Log& log) {
  const Communicator& team = teams.mine();
  std::vector<double> costs;
  costs.reserve(runs.size());
  for (const auto& run : runs) costs.push_back(run.cost);
  const Tickets tickets(teams.world(), folder + "/checkpoints/claims");
  bool interrupted = false;
  std::vector<std::int64_t> failures;
  for (const auto index : longest_first(costs)) {
    const DealtRun& run = runs[index];
    const bool whole = teams.work().attempt("run " + run.name, [&] {
      const Step step = step_for(team, tickets, index, files_of(folder, run.name).record, log);
      if (step == Step::taken) interrupted = run.make() == RunOutcome::interrupted;
    });
    give_back_freed_memory();
    if (!whole && team.is_root()) {
      failures.push_back(static_cast<std::int64_t>(index));
      log.warn("run " + run.name + " failed; the other runs go on");
    }
    if (interrupted) break;
  }
  Dealt dealt;
  dealt.interrupted = teams.world().any(interrupted);
  auto all = teams.world().gather_all(std::span<const std::int64_t>(failures));
  std::sort(all.begin(), all.end());
  // Where no ticket can be made, every team fails at the same runs.
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (const auto index : all) dealt.failed.push_back(runs[static_cast<std::size_t>(index)].name);
  tickets.close();
  return dealt;
}

std::optional<ExitCode> ended_early(const StudyContext& context, const Dealt& dealt,
                                    std::size_t runs) {
  const Communicator& world = context.world;
  if (dealt.interrupted) {
    if (world.is_root()) {
      context.log.info("interrupted; checkpoints are written: " + context.how_to_resume());
    }
    return ExitCode::checkpointed;
  }
  if (dealt.failed.empty()) return std::nullopt;
  if (world.is_root()) {
    fmt::print("{} runs done, {} failed; --resume makes what is missing\n",
               runs - dealt.failed.size(), dealt.failed.size());
    std::fflush(stdout);
  }
  return ExitCode::failed;
}

}  // namespace thalweg
