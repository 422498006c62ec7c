// What a workload takes on so many ranks, against answers known by hand.
#include "planning/forecast.hpp"

#include <gtest/gtest.h>

#include "landscape/point_values.hpp"

namespace thalweg {
namespace {

NetworkModel free_network() {
  NetworkModel network;
  network.latency_s = 0.0;
  network.bytes_per_s = 1e30;
  network.node_latency_s = 0.0;
  network.node_bytes_per_s = 1e30;
  return network;
}

WorkUnit samples_unit(std::int64_t samples, std::int64_t shard, double sample_s) {
  WorkUnit unit;
  unit.items = samples;
  unit.grain = shard;
  unit.item_s = sample_s;
  return unit;
}

WorkTask task(const std::string& name, double rank, double count, const WorkUnit& unit) {
  return {name, rank, {{"work of " + name, count, count, "known", unit}}};
}

Workload together(const WorkUnit& unit, double count) {
  return {{{"all", WorkStage::Deal::together, 0, {task("one", 0.0, count, unit)}}}, true};
}

TEST(Forecast, ScalesPerfectlyWhereExchangesAreFree) {
  auto unit = samples_unit(4096, 1, 1e-3);
  unit.exchanges = {{Exchange::Kind::slices, 1.0, 1e6, 4096},
                    {Exchange::Kind::gather, 1.0, 1e6, 0}};
  const auto rows = scaling_table(together(unit, 10.0), 4096, free_network());
  ASSERT_EQ(rows.size(), 13U);
  for (const auto& row : rows) {
    EXPECT_NEAR(row.strong_s, 40.96 / static_cast<double>(row.ranks), 1e-9) << row.ranks;
    EXPECT_NEAR(row.weak_s.value(), 40.96, 1e-9) << row.ranks;
  }
}

TEST(Forecast, IsBoundByLatencyWhereThatIsAll) {
  NetworkModel network = free_network();
  network.latency_s = 1e-3;
  network.cores_per_node = 1;
  auto unit = samples_unit(4096, 1, 0.0);
  unit.exchanges = {{Exchange::Kind::gather, 1.0, 8.0, 0}};
  const auto rows = scaling_table(together(unit, 100.0), 1024, network);
  // An allgather of few bytes takes log2 P rounds.
  for (std::size_t k = 0; k < rows.size(); ++k) {
    EXPECT_NEAR(rows[k].strong_s, 100.0 * 1e-3 * static_cast<double>(k), 1e-9) << rows[k].ranks;
  }
}

TEST(Forecast, MoreRanksThanShardsIdle) {
  const auto work = together(samples_unit(1000, 256, 1e-3), 1.0);
  EXPECT_NEAR(forecast_of(work, 1, free_network()).wall_s, 1.0, 1e-12);
  EXPECT_NEAR(forecast_of(work, 2, free_network()).wall_s, 0.512, 1e-12);
  EXPECT_NEAR(forecast_of(work, 3, free_network()).wall_s, 0.512, 1e-12);
  EXPECT_NEAR(forecast_of(work, 4, free_network()).wall_s, 0.256, 1e-12);
  EXPECT_NEAR(forecast_of(work, 64, free_network()).wall_s, 0.256, 1e-12);
}

TEST(Forecast, TeamsTakeTheLongestLeft) {
  WorkUnit second;
  second.fixed_s = 1.0;
  WorkStage stage{"runs", WorkStage::Deal::teams, 1, {}};
  // As dealt: 3 to one team, 2 and 2 to the other, then 1 to the first.
  for (const double length : {2.0, 3.0, 1.0, 2.0}) {
    stage.tasks.push_back(task("run", length, length, second));
  }
  EXPECT_NEAR(forecast_of({{stage}}, 2, free_network()).wall_s, 4.0, 1e-12);
  EXPECT_NEAR(forecast_of({{stage}}, 1, free_network()).wall_s, 8.0, 1e-12);
  EXPECT_NEAR(forecast_of({{stage}}, 4, free_network()).wall_s, 3.0, 1e-12);
}

TEST(Forecast, RanksLeftOverJoinTheLastTeam) {
  WorkStage stage{"runs", WorkStage::Deal::teams, 2, {}};
  for (int k = 0; k < 2; ++k) {
    stage.tasks.push_back(task("run" + std::to_string(k), 1.0, 1.0, samples_unit(6, 1, 1.0)));
  }
  // Teams of 2 and 3: 3 s and 2 s.
  const auto forecast = forecast_of({{stage}}, 5, free_network());
  EXPECT_EQ(forecast.stages.front().teams, 2);
  EXPECT_NEAR(forecast.wall_s, 3.0, 1e-12);
}

TEST(Forecast, PointsAreDealtOutInShrinkingRuns) {
  WorkUnit second;
  second.fixed_s = 1.0;
  WorkStage stage{"surface", WorkStage::Deal::points, 1, {task("grid", 0.0, 100.0, second)}};
  EXPECT_NEAR(forecast_of({{stage}}, 1, free_network()).wall_s, 100.0, 1e-9);
  EXPECT_NEAR(forecast_of({{stage}}, 4, free_network()).wall_s, 25.0, 1.0);
  EXPECT_NEAR(forecast_of({{stage}}, 200, free_network()).wall_s, 1.0, 1e-9);
  std::int64_t points = 0;
  for (const auto& run : taken_together(100, 4)) points += run.size();
  EXPECT_EQ(points, 100);
}

TEST(Forecast, WhatOneRankDoesDoesNotScale) {
  WorkUnit unit;
  unit.fixed_s = 3.0;
  const Workload work{{{"loading", WorkStage::Deal::root, 0, {task("data", 0.0, 1.0, unit)}}}};
  EXPECT_NEAR(forecast_of(work, 4096, free_network()).wall_s, 3.0, 1e-12);
}

TEST(Forecast, TellsTheMostBesideTheExpected) {
  WorkUnit second;
  second.fixed_s = 1.0;
  WorkTask one{"run", 1.0, {{"steps", 5.0, 20.0, "target", second}}};
  const auto forecast = forecast_of({{{"runs", WorkStage::Deal::teams, 1, {one}}}}, 1, {});
  EXPECT_NEAR(forecast.wall_s, 5.0, 1e-12);
  EXPECT_NEAR(forecast.most_wall_s, 20.0, 1e-12);
  EXPECT_EQ(forecast.stages.front().pieces.front().most, 20.0);
}

TEST(PlanMessages, CostsFollowTheFormulas) {
  NetworkModel network;
  network.latency_s = 1e-6;
  network.bytes_per_s = 1e9;
  network.cores_per_node = 1;
  // A ring of 8 ranks: 7 α and 7/8 of the bytes.
  const double bytes = 8e6;
  EXPECT_NEAR(cost_of({Exchange::Kind::gather, 1.0, bytes, 0}, 8, network).seconds,
              7e-6 + 7.0 / 8.0 * bytes / 1e9, 1e-12);
  // An allreduce of 8 bytes: 3 rounds.
  EXPECT_NEAR(cost_of({Exchange::Kind::agree, 1.0, 8.0, 0}, 8, network).seconds,
              3.0 * (1e-6 + 8e-9), 1e-15);
  // One rank exchanges nothing.
  for (const auto kind :
       {Exchange::Kind::gather, Exchange::Kind::agree, Exchange::Kind::broadcast,
        Exchange::Kind::tree_sum, Exchange::Kind::slices, Exchange::Kind::panel}) {
    EXPECT_EQ(cost_of({kind, 1.0, 1e6, 16}, 1, network).seconds, 0.0);
  }
}

TEST(PlanMessages, SubtreesAreThoseOfTheTree) {
  EXPECT_EQ(tree_shares(8, 2).all, 2);
  EXPECT_EQ(tree_shares(8, 3).all, 5);  // [0,2), [2,5) = 2 + 1, [5,8) = 1 + 2
  EXPECT_EQ(tree_shares(8, 3).most, 2);
  EXPECT_EQ(tree_shares(2, 8).all, 2);  // six ranks have none
}

}  // namespace
}  // namespace thalweg
