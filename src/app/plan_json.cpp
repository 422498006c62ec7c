#include "app/plan_json.hpp"

#include <nlohmann/json.hpp>

namespace thalweg {

using Json = nlohmann::ordered_json;

namespace {

Json bytes_json(const std::vector<PlannedBytes>& parts) {
  Json json = Json::array();
  for (const auto& part : parts) json.push_back({{"name", part.name}, {"bytes", part.bytes}});
  return json;
}

Json piece_json(const PricedPiece& piece) {
  return {{"name", piece.name},
          {"count", piece.count},
          {"most", piece.most},
          {"basis", piece.basis},
          {"unit_s", piece.unit_s},
          {"team_s", piece.team_s},
          {"exchange_s", piece.exchange_s},
          {"flops", piece.flops},
          {"bytes_moved", piece.bytes_moved},
          {"collective_calls", piece.calls},
          {"messages", piece.messages},
          {"received_bytes", piece.message_bytes}};
}

Json stage_json(const PricedStage& stage) {
  Json pieces = Json::array();
  for (const auto& piece : stage.pieces) pieces.push_back(piece_json(piece));
  return {{"name", stage.name},
          {"teams", stage.teams},
          {"team_size", stage.team_size},
          {"wall_s", stage.wall_s},
          {"most_wall_s", stage.most_wall_s},
          {"pieces", pieces}};
}

Json one_json(const StudyPlan& plan) {
  Json stages = Json::array();
  for (const auto& stage : plan.forecast.stages) stages.push_back(stage_json(stage));
  Json scaling = Json::array();
  for (const auto& row : plan.scaling) {
    scaling.push_back({{"ranks", row.ranks}, {"strong_s", row.strong_s}});
    if (row.weak_s) scaling.back()["weak_s"] = *row.weak_s;
  }
  return {{"study", plan.name},
          {"kind", plan.kind},
          {"file", plan.file},
          {"ranks", plan.ranks},
          {"nodes", plan.nodes},
          {"measured_on_ranks", plan.measured_on},
          {"calibration_s", plan.calibration_s},
          {"wall_s", plan.forecast.wall_s},
          {"most_wall_s", plan.forecast.most_wall_s},
          {"memory_bytes", plan.memory_bytes()},
          {"disk_bytes", plan.disk_bytes()},
          {"time_margin", kTimeMargin},
          {"memory_margin", kMemoryMargin},
          {"gemm_flops_per_s", plan.estimate.gemm_flops_s},
          {"stages", stages},
          {"memory", bytes_json(plan.estimate.memory)},
          {"disk", bytes_json(plan.estimate.disk)},
          {"disk_while_it_runs", bytes_json(plan.estimate.transient_disk)},
          {"network",
           {{"latency_s", plan.network.latency_s},
            {"bytes_per_s", plan.network.bytes_per_s},
            {"node_latency_s", plan.network.node_latency_s},
            {"node_bytes_per_s", plan.network.node_bytes_per_s},
            {"cores_per_node", plan.network.cores_per_node}}},
          {"scaling", scaling},
          {"notes", plan.estimate.notes}};
}

}  // namespace

std::string plan_json(const std::vector<StudyPlan>& plans) {
  Json all = Json::array();
  for (const auto& plan : plans) all.push_back(one_json(plan));
  return all.dump(2) + "\n";
}

}  // namespace thalweg
