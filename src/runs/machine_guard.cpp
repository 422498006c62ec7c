#include "runs/machine_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <vector>

#include "base/machine.hpp"
#include "parallel/host_name.hpp"
#include "runs/beginning.hpp"

namespace thalweg {

namespace {

/// Between the values of several machines, in one fact.
constexpr const char* kOr = " | ";

using WordSet = std::set<std::string>;

WordSet split(const std::string& text, const std::string& separator) {
  WordSet words;
  std::size_t at = 0;
  while (at <= text.size()) {
    const auto end = std::min(text.find(separator, at), text.size());
    words.insert(text.substr(at, end - at));
    at = end + separator.size();
  }
  return words;
}

std::string joined(const WordSet& words, const std::string& separator) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

/// Facts to and from one string, a line each.
std::string packed(const BegunFacts& facts) {
  std::string text;
  for (const auto& [name, value] : facts) text += fmt::format("{}\t{}\n", name, value);
  return text;
}

BegunFacts unpacked(const std::string& text) {
  BegunFacts facts;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto tab = line.find('\t');
    facts[line.substr(0, tab)] = line.substr(tab + 1);
  }
  return facts;
}

/// `value`, of CPU features only those in which it differs from `other`.
std::string told_apart(const std::string& name, const std::string& value,
                       const std::string& other) {
  if (name != kCpuFeatures) return value;
  const WordSet mine = split(value, " ");
  const WordSet others = split(other, " ");
  WordSet text;
  for (const auto& word : mine) {
    if (!others.contains(word)) text.insert("with " + word);
  }
  for (const auto& word : others) {
    if (!mine.contains(word)) text.insert("without " + word);
  }
  return joined(text, ", ");
}

/// "BLAS core type: Haswell on b (rank 1), SkylakeX on a (rank 0)" where ranks differ.
std::string differences(const std::vector<BegunFacts>& ranks,
                        const std::vector<std::string>& hosts) {
  std::string text;
  for (const auto& [name, first] : ranks.front()) {
    for (std::size_t rank = 1; rank < ranks.size(); ++rank) {
      const std::string& value = ranks[rank].at(name);
      if (value == first) continue;
      text += fmt::format("{}{}: rank 0 on {} has {}, rank {} on {} {}", text.empty() ? "" : "; ",
                          name, hosts.front(), told_apart(name, first, value), rank, hosts[rank],
                          told_apart(name, value, first));
      break;
    }
  }
  return text;
}

void put_into_provenance(StudyContext& context) {
  auto& provenance = context.provenance;
  provenance.blas_core = joined(split(context.machine.at(kBlasCore), kOr), ", ");
  provenance.mixed_machines.clear();
  for (const auto& [name, value] : context.machine) {
    if (value.find(kOr) != std::string::npos) {
      provenance.mixed_machines.push_back(fmt::format("{}: {}", name, value));
    }
  }
}

}  // namespace

void gather_machines(StudyContext& context) {
  const Provenance& made = context.provenance;
  const std::string version = fmt::format("{} of commit {}{}", made.software_version, made.git_sha,
                                          made.git_dirty ? " with changes" : "");
  std::vector<BegunFacts> ranks;
  for (const auto& text : context.world.gather_strings(packed(machine_facts(version)))) {
    ranks.push_back(unpacked(text));
  }
  const auto hosts = context.world.gather_strings(host_name());
  const std::string different = differences(ranks, hosts);
  collectively(context.world, [&] {
    if (different.empty() || context.mixed_machines) return;
    throw ConfigurationError(
        fmt::format("ranks on machines that do not compute the same bits: {}; start all ranks "
                    "alike, or insist with --mixed-machines, which the record then states",
                    different));
  });
  if (!different.empty() && context.world.is_root()) {
    context.log.warn("bits depend on which rank computes what: " + different);
  }
  context.machine.clear();
  for (const auto& [name, value] : ranks.front()) {
    WordSet values;
    for (const auto& rank : ranks) values.insert(rank.at(name));
    context.machine[name] = joined(values, kOr);
  }
  put_into_provenance(context);
}

void hold_machines(StudyContext& context) {
  const Communicator& world = context.world;
  const std::string& folder = context.study_folder;
  if (!context.mixed_machines) {
    hold_to_beginning(context, context.machine,
                      "go on on such a machine, or insist with --mixed-machines, which the record "
                      "then states");
    return;
  }
  std::string all;
  collectively(world, [&] {
    if (!world.is_root()) return;
    auto kept = read_begun(folder).value_or(BegunFacts());
    for (auto& [name, value] : context.machine) {
      WordSet values = split(value, kOr);
      if (kept.contains(name)) values.merge(split(kept.at(name), kOr));
      value = joined(values, kOr);
      kept[name] = value;
    }
    write_begun(folder, kept);
    all = packed(context.machine);
  });
  context.machine = unpacked(world.broadcast(all));
  put_into_provenance(context);
}

}  // namespace thalweg
