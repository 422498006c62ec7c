#include "studies/trajectories/probe_forecast.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "settings/node.hpp"

namespace thalweg {

namespace {

std::string times(std::size_t count) {
  return count == 1 ? "once" : fmt::format("{} times", count);
}

/// "steps 0, 20, 40, …, 100": all of a few, the first three and the last of many.
std::string listed(const std::vector<std::int64_t>& numbers) {
  constexpr std::size_t few = 6;
  std::string text;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers.size() > few && i == 3) {
      text += ", …";
      i = numbers.size() - 1;
    }
    text += fmt::format("{}{}", i == 0 ? "" : ", ", numbers[i]);
  }
  return (numbers.size() == 1 ? "step " : "steps ") + text;
}

/// Epochs as they were asked for, where steps are not known.
std::string in_its_own_words(const ProbeSpec& probe) {
  std::string text;
  if (probe.every_epochs > 0) text = fmt::format("after every {} epochs", probe.every_epochs);
  if (probe.every_steps > 0) {
    text += fmt::format("{} every {} steps", text.empty() ? "after" : " and", probe.every_steps);
  }
  return text.empty() ? "at the end" : text + ", from the start on, and at the end";
}

/// Does the count depend on how many steps an epoch has?
bool needs_samples(const ProbeSpec& probe, const TrainOptions& train) {
  if (train.steps > 0) return probe.every_epochs > 0;
  return train.takes_steps() && probe.every_steps > 0;
}

std::string frequency(const ProbeSpec& probe, const RunSpec& run,
                      std::optional<std::int64_t> samples) {
  const bool known = samples.has_value();
  if (!known && needs_samples(probe, run.train)) return in_its_own_words(probe);
  // The count is the same for any number of samples then, the steps may not be.
  const Schedule schedule = schedule_of(run, samples.value_or(run.train.batch));
  const auto steps = probe_steps(probe, schedule);
  const std::string when =
      known || run.train.steps > 0 ? "at " + listed(steps) : in_its_own_words(probe);
  return fmt::format("{}{}, {}", run.train.has_target() ? "at most " : "", times(steps.size()),
                     when);
}

}  // namespace

std::vector<std::int64_t> probe_steps(const ProbeSpec& probe, const Schedule& schedule) {
  const std::int64_t end = schedule.steps();
  std::vector<std::int64_t> by_steps;
  std::vector<std::int64_t> by_epochs;
  if (probe.every_steps > 0) {
    for (std::int64_t step = 0; step < end; step += probe.every_steps) by_steps.push_back(step);
  }
  if (probe.every_epochs > 0) {
    for (std::int64_t epoch = 0;; epoch += probe.every_epochs) {
      const std::int64_t step = schedule.first_step_of(epoch);
      if (step >= end) break;
      by_epochs.push_back(step);
    }
  }
  std::vector<std::int64_t> steps;
  std::set_union(by_steps.begin(), by_steps.end(), by_epochs.begin(), by_epochs.end(),
                 std::back_inserter(steps));
  steps.push_back(end);
  return steps;
}

std::vector<std::string> probe_forecast(const std::vector<RunSpec>& runs,
                                        std::optional<std::int64_t> samples) {
  std::vector<std::string> lines;
  if (runs.empty()) return lines;
  for (std::size_t k = 0; k < runs.front().probes.size(); ++k) {
    std::vector<std::pair<std::string, std::vector<std::string>>> groups;  // by frequency
    for (const auto& run : runs) {
      const auto of_run =
          run.objective ? std::optional(run.objective->shape().epoch_samples()) : samples;
      const std::string text = frequency(run.probes[k], run, of_run);
      auto found = std::find_if(groups.begin(), groups.end(),
                                [&](const auto& group) { return group.first == text; });
      if (found == groups.end()) found = groups.insert(found, {text, {}});
      auto& alike = found->second;
      if (alike.empty() || alike.back() != run.group) alike.push_back(run.group);
    }
    for (const auto& [text, alike] : groups) {
      const std::string of = groups.size() == 1 ? "every run" : joined(alike);
      lines.push_back(fmt::format("{} of {}: {}", runs.front().probes[k].name, of, text));
    }
  }
  return lines;
}

std::vector<std::string> audit_forecast(const std::vector<AuditSpec>& audits) {
  std::vector<std::string> lines;
  lines.reserve(audits.size());
  for (const auto& audit : audits) {
    lines.push_back(fmt::format("each in the audit {}: {}, one a factor", audit.name,
                                times(audit.factors.size())));
  }
  return lines;
}

}  // namespace thalweg
