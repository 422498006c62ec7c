#include "data/class_labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace thalweg {

namespace {

void mark(std::span<const std::int32_t> labels, std::vector<bool>& there) {
  for (const auto label : labels) there[static_cast<std::size_t>(label)] = true;
}

/// The classes of a list in the words of the files, a message's length of them.
std::string listed_names(const std::vector<std::size_t>& classes,
                         const std::vector<std::string>& names) {
  constexpr std::size_t most = 10;
  std::vector<std::string> texts;
  for (std::size_t k = 0; k < std::min(most, classes.size()); ++k) {
    texts.push_back(names.empty() ? fmt::format("{}", classes[k]) : names[classes[k]]);
  }
  if (classes.size() > most) texts.push_back(fmt::format("{} more", classes.size() - most));
  return comma_separated(texts);
}

}  // namespace

SampleHalves number_classes(SampleHalves halves, const std::string& path) {
  const auto most = std::max(halves.train.classes, halves.test.classes);
  std::vector<bool> there(static_cast<std::size_t>(most), false);
  mark(halves.train.labels, there);
  mark(halves.test.labels, there);
  std::vector<std::int32_t> number(there.size(), 0);
  std::int32_t next = 0;
  for (std::size_t label = 0; label < there.size(); ++label) {
    if (!there[label]) continue;
    number[label] = next++;
    halves.class_names.push_back(fmt::format("{}", label));
  }
  if (next < 2) {
    throw ConfigurationError(fmt::format("{}: all labels are {}, expected at least two classes",
                                         path, halves.class_names.front()));
  }
  for (auto* half : {&halves.train, &halves.test}) {
    for (auto& label : half->labels) label = number[static_cast<std::size_t>(label)];
    half->classes = next;
  }
  if (next != most) {
    halves.notices.push_back(
        fmt::format("{}: the labels are {} different ones from {} to {}: in "
                    "ascending order they are the classes 0 to {}",
                    path, next, halves.class_names.front(), halves.class_names.back(), next - 1));
  }
  return halves;
}

std::string unseen_labels(std::span<const std::int32_t> train, std::span<const std::int32_t> test,
                          const std::vector<std::string>& names) {
  std::int32_t largest = 0;
  for (const auto& labels : {train, test}) {
    for (const auto label : labels) largest = std::max(largest, label);
  }
  std::vector<bool> trained(static_cast<std::size_t>(largest) + 1, false);
  std::vector<bool> tested = trained;
  mark(train, trained);
  mark(test, tested);
  std::vector<std::size_t> unseen;
  std::vector<std::size_t> seen;
  for (std::size_t k = 0; k < trained.size(); ++k) {
    if (trained[k]) seen.push_back(k);
    if (tested[k] && !trained[k]) unseen.push_back(k);
  }
  if (unseen.empty()) return {};
  return fmt::format("no training sample has the label{} {} of test samples (training labels: {})",
                     unseen.size() == 1 ? "" : "s", listed_names(unseen, names),
                     listed_names(seen, names));
}

}  // namespace thalweg
