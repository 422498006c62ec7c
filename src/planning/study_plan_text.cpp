#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "planning/study_plan.hpp"

namespace thalweg {

namespace {

std::string bytes_text(double bytes) {
  constexpr double step = 1024.0;
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= step && unit < 4) {
    bytes /= step;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

std::string seconds_text(double seconds) {
  constexpr double minute = 60.0;
  if (seconds >= minute * minute) return fmt::format("{:.1f} h", seconds / (minute * minute));
  if (seconds >= 2.0 * minute) return fmt::format("{:.1f} min", seconds / minute);
  if (seconds >= 1.0) return fmt::format("{:.1f} s", seconds);
  if (seconds >= 1e-3) return fmt::format("{:.1f} ms", 1e3 * seconds);
  return fmt::format("{:.1f} us", 1e6 * seconds);
}

/// A share of what is there at most: what calibrations put beyond it is their error.
std::string share_text(double share) {
  return share > 1.0 ? "100 % (within error)" : fmt::format("{:.0f} %", 100.0 * share);
}

std::string count_text(double count) {
  return count == std::floor(count) ? fmt::format("{:.0f}", count) : fmt::format("{:.1f}", count);
}

std::string table_of(const char* title, const std::vector<PlannedBytes>& parts) {
  if (parts.empty()) return {};
  std::string text = fmt::format("{:<64}{:>12}\n", title, bytes_text(bytes_of(parts)));
  for (const auto& part : parts) {
    text += fmt::format("  {:<62}{:>12}\n", part.name, bytes_text(part.bytes));
  }
  return text;
}

std::string stage_text(const PricedStage& stage, const StudyPlan& plan) {
  std::string text = fmt::format("{:<64}{:>12}", stage.name, seconds_text(stage.wall_s));
  if (stage.most_wall_s > 1.01 * stage.wall_s) {
    text += fmt::format(", at most {}", seconds_text(stage.most_wall_s));
  }
  if (stage.teams > 1) text += fmt::format("   ({} teams of {})", stage.teams, stage.team_size);
  text += '\n';
  for (const auto& piece : stage.pieces) {
    const double rate = piece.team_s > 0.0 ? piece.flops / piece.team_s : 0.0;
    const double peak = plan.estimate.gemm_flops_s * static_cast<double>(stage.team_size);
    std::string facts;
    if (piece.flops > 0.0) {
      facts = fmt::format("{:.2g} flop, {} of GEMM's rate; {} through memory", piece.flops,
                          share_text(rate / peak), bytes_text(piece.bytes_moved));
    }
    if (piece.calls + piece.messages > 0.0) {
      facts += fmt::format("{}{:.3g} calls, {:.3g} messages, {} received, {}",
                           facts.empty() ? "" : "; ", piece.calls, piece.messages,
                           bytes_text(piece.message_bytes), seconds_text(piece.exchange_s));
    }
    const std::string most =
        piece.most > piece.count ? fmt::format(" (at most {})", count_text(piece.most)) : "";
    text += fmt::format("  {:<44}{:>18} x {:>9} = {:>9}  {}\n", piece.name,
                        count_text(piece.count) + most, seconds_text(piece.unit_s),
                        seconds_text(piece.team_s), piece.basis);
    if (!facts.empty()) text += fmt::format("    {}\n", facts);
  }
  return text;
}

}  // namespace

std::string plan_text(const StudyPlan& plan) {
  std::string text = fmt::format(
      "study    {} ({}), {}\nranks    {} on {} node{} of {} cores; measured on {} side by side in "
      "{}\n\n",
      plan.name, plan.kind, plan.file, plan.ranks, plan.nodes, plan.nodes == 1 ? "" : "s",
      plan.network.cores_per_node, plan.measured_on, seconds_text(plan.calibration_s));
  for (const auto& stage : plan.forecast.stages) text += stage_text(stage, plan);
  text += fmt::format("{:<64}{:>12}", "wall time", seconds_text(plan.forecast.wall_s));
  if (plan.forecast.most_wall_s > 1.01 * plan.forecast.wall_s) {
    text += fmt::format(", at most {}", seconds_text(plan.forecast.most_wall_s));
  }
  text += "\n\n";
  text += table_of("memory of the rank that holds most", plan.estimate.memory);
  text += '\n';
  text += table_of("disk at the end", plan.estimate.disk);
  text += table_of("disk besides, while it runs", plan.estimate.transient_disk);
  text += fmt::format(
      "\nA job script asks for {:.0f} % more time and {:.0f} % more memory than this.\n",
      100.0 * (kTimeMargin - 1.0), 100.0 * (kMemoryMargin - 1.0));
  const bool grows = plan.estimate.work.grows;
  text += fmt::format(
      "\nscaling, modelled (α = {:.2g} us, {:.3g} GB/s between nodes; {:.2g} us, {:.3g} GB/s "
      "within "
      "one)\n{:>8}{:>14}{:>12}{:>14}{:>12}\n",
      1e6 * plan.network.latency_s, 1e-9 * plan.network.bytes_per_s,
      1e6 * plan.network.node_latency_s, 1e-9 * plan.network.node_bytes_per_s, "ranks",
      "this study", "efficiency", grows ? "grown alike" : "", grows ? "efficiency" : "");
  const double one_strong = plan.scaling.front().strong_s;
  bool beyond = false;
  const auto efficiency = [&](double share) {
    beyond = beyond || share > 1.0;
    return fmt::format("{:>11.0f}%", 100.0 * std::min(share, 1.0));
  };
  for (const auto& row : plan.scaling) {
    text += fmt::format("{:>8}{:>14}", row.ranks, seconds_text(row.strong_s)) +
            efficiency(one_strong / (row.strong_s * static_cast<double>(row.ranks)));
    if (row.weak_s) {
      text += fmt::format("{:>14}", seconds_text(*row.weak_s)) +
              efficiency(*plan.scaling.front().weak_s / *row.weak_s);
    }
    text += '\n';
  }
  if (beyond) text += "What came out above 100 % is 100 % within the error of the calibration.\n";
  for (const auto& note : plan.estimate.notes) text += fmt::format("\nnote: {}", note);
  if (!plan.estimate.notes.empty()) text += '\n';
  return text;
}

}  // namespace thalweg
