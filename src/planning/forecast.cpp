#include "planning/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "landscape/point_values.hpp"
#include "parallel/partition.hpp"
#include "runs/deal_out.hpp"

namespace thalweg {

std::int64_t WorkUnit::items_of_busiest(std::int64_t ranks) const {
  if (items == 0) return 0;
  const std::int64_t grains = (items + grain - 1) / grain;
  const std::int64_t most = (grains + ranks - 1) / ranks;
  return std::min(most * grain, items);
}

double WorkUnit::compute_s(std::int64_t ranks) const {
  return fixed_s + item_s * static_cast<double>(items_of_busiest(ranks)) +
         shared_s / static_cast<double>(ranks);
}

namespace {

ExchangeCost exchanges_of(const WorkUnit& unit, std::int64_t ranks, const NetworkModel& network) {
  ExchangeCost all;
  for (const auto& exchange : unit.exchanges) {
    const ExchangeCost one = cost_of(exchange, ranks, network);
    all.calls += one.calls;
    all.messages += one.messages;
    all.bytes += one.bytes;
    all.seconds += one.seconds;
  }
  return all;
}

/// Adds the units of one task's piece to the stage's table.
void enter(PricedStage& stage, const WorkPiece& piece, std::int64_t team,
           const NetworkModel& network) {
  const ExchangeCost exchange = exchanges_of(piece.unit, team, network);
  const double unit_s = piece.unit.compute_s(team) + exchange.seconds;
  auto at = std::find_if(stage.pieces.begin(), stage.pieces.end(), [&](const PricedPiece& known) {
    return known.name == piece.name && known.basis == piece.basis;
  });
  if (at == stage.pieces.end()) {
    stage.pieces.push_back({piece.name, 0.0, 0.0, piece.basis});
    at = stage.pieces.end() - 1;
  }
  at->count += piece.count;
  at->most += piece.most;
  at->team_s += piece.count * unit_s;
  at->exchange_s += piece.count * exchange.seconds;
  at->flops += piece.count * piece.unit.flops;
  at->bytes_moved += piece.count * piece.unit.bytes_moved;
  at->calls += piece.count * exchange.calls;
  at->messages += piece.count * exchange.messages;
  at->message_bytes += piece.count * exchange.bytes;
  at->unit_s = at->count > 0.0 ? at->team_s / at->count : unit_s;
}

struct Seconds {
  double expected = 0.0;
  double most = 0.0;
};

Seconds task_seconds(const WorkTask& task, std::int64_t team, const NetworkModel& network) {
  Seconds sum;
  for (const auto& piece : task.pieces) {
    const double one = unit_seconds(piece.unit, team, network);
    sum.expected += piece.count * one;
    sum.most += std::max(piece.count, piece.most) * one;
  }
  return sum;
}

/// Sizes of the teams that Teams makes of so many ranks; those left over join the last.
std::vector<std::int64_t> team_sizes(std::int64_t ranks, std::int64_t size) {
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(std::max<std::int64_t>(1, ranks / size)),
                                  std::min(size, ranks));
  sizes.back() += ranks - std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  return sizes;
}

/// The team that is free first takes the longest task left.
double deal_tasks(const std::vector<WorkTask>& tasks, const std::vector<std::size_t>& order,
                  const std::vector<std::int64_t>& sizes, bool most, const NetworkModel& network,
                  const std::function<void(const WorkTask&, std::int64_t)>& taken) {
  std::vector<double> busy(sizes.size(), 0.0);
  for (const auto index : order) {
    const auto team = static_cast<std::size_t>(
        std::distance(busy.begin(), std::min_element(busy.begin(), busy.end())));
    const Seconds seconds = task_seconds(tasks[index], sizes[team], network);
    busy[team] += most ? seconds.most : seconds.expected;
    taken(tasks[index], sizes[team]);
  }
  return *std::max_element(busy.begin(), busy.end());
}

void price_teams(const WorkStage& stage, std::int64_t ranks, const NetworkModel& network,
                 PricedStage& priced) {
  std::vector<double> costs;
  for (const auto& task : stage.tasks) costs.push_back(task.rank);
  const auto order = longest_first(costs);
  const auto count = static_cast<std::int64_t>(
      std::max<std::size_t>(stage.teams_for > 0 ? stage.teams_for : stage.tasks.size(), 1));
  priced.team_size =
      stage.team_size > 0 ? stage.team_size : std::max<std::int64_t>(1, ranks / count);
  const auto sizes = team_sizes(ranks, priced.team_size);
  priced.teams = static_cast<std::int64_t>(sizes.size());
  priced.wall_s = deal_tasks(stage.tasks, order, sizes, false, network,
                             [&](const WorkTask& task, std::int64_t team) {
                               for (const auto& piece : task.pieces) {
                                 enter(priced, piece, team, network);
                               }
                             });
  priced.most_wall_s = deal_tasks(stage.tasks, order, sizes, true, network,
                                  [](const WorkTask& /*task*/, std::int64_t /*team*/) {});
}

void price_points(const WorkStage& stage, std::int64_t ranks, const NetworkModel& network,
                  PricedStage& priced) {
  priced.team_size = std::min(std::max<std::int64_t>(stage.team_size, 1), ranks);
  const auto sizes = team_sizes(ranks, priced.team_size);
  priced.teams = static_cast<std::int64_t>(sizes.size());
  for (const auto& task : stage.tasks) {
    for (const auto& piece : task.pieces) {
      std::vector<double> busy(sizes.size(), 0.0);
      for (const Range& run :
           taken_together(static_cast<std::int64_t>(piece.count), priced.teams)) {
        const auto team = std::min_element(busy.begin(), busy.end());
        const auto size = sizes[static_cast<std::size_t>(std::distance(busy.begin(), team))];
        *team += static_cast<double>(run.size()) * unit_seconds(piece.unit, size, network);
      }
      enter(priced, piece, priced.team_size, network);
      const double longest = *std::max_element(busy.begin(), busy.end());
      priced.wall_s += longest;
      priced.most_wall_s += longest;
    }
  }
}

PricedStage price(const WorkStage& stage, std::int64_t ranks, const NetworkModel& network) {
  PricedStage priced;
  priced.name = stage.name;
  if (stage.deal == WorkStage::Deal::teams) {
    price_teams(stage, ranks, network, priced);
    return priced;
  }
  if (stage.deal == WorkStage::Deal::points) {
    price_points(stage, ranks, network, priced);
    return priced;
  }
  priced.team_size = stage.deal == WorkStage::Deal::root ? 1 : ranks;
  for (const auto& task : stage.tasks) {
    for (const auto& piece : task.pieces) enter(priced, piece, priced.team_size, network);
    const Seconds seconds = task_seconds(task, priced.team_size, network);
    priced.wall_s += seconds.expected;
    priced.most_wall_s += seconds.most;
  }
  return priced;
}

/// As much work again for every rank.
Workload grown(Workload work, std::int64_t times) {
  for (auto& stage : work.stages) {
    for (auto& task : stage.tasks) {
      for (auto& piece : task.pieces) {
        if (stage.deal == WorkStage::Deal::points) {
          piece.count *= static_cast<double>(times);
          piece.most *= static_cast<double>(times);
          continue;
        }
        piece.unit.items *= times;
        piece.unit.flops *= static_cast<double>(times);
        piece.unit.bytes_moved *= static_cast<double>(times);
        for (auto& exchange : piece.unit.exchanges) exchange.leaves *= times;
      }
    }
  }
  return work;
}

}  // namespace

double unit_seconds(const WorkUnit& unit, std::int64_t ranks, const NetworkModel& network) {
  return unit.compute_s(ranks) + exchanges_of(unit, ranks, network).seconds;
}

Forecast forecast_of(const Workload& work, std::int64_t ranks, const NetworkModel& network) {
  Forecast forecast;
  forecast.ranks = ranks;
  for (const auto& stage : work.stages) {
    forecast.stages.push_back(price(stage, ranks, network));
    forecast.wall_s += forecast.stages.back().wall_s;
    forecast.most_wall_s += forecast.stages.back().most_wall_s;
  }
  return forecast;
}

std::vector<ScalingRow> scaling_table(const Workload& work, std::int64_t most,
                                      const NetworkModel& network) {
  std::vector<ScalingRow> rows;
  for (std::int64_t ranks = 1; ranks <= most; ranks *= 2) {
    std::optional<double> weak;
    if (work.grows) weak = forecast_of(grown(work, ranks), ranks, network).wall_s;
    rows.push_back({ranks, forecast_of(work, ranks, network).wall_s, weak});
  }
  return rows;
}

}  // namespace thalweg
