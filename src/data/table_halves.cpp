#include "data/table_halves.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "data/text_lines.hpp"

namespace thalweg {

namespace {

/// Texts in ascending order with their classes.
std::map<std::string, std::int32_t> classes_of(const std::vector<const TableRows*>& tables) {
  std::map<std::string, std::int64_t> integers;
  bool all_integers = true;
  std::map<std::string, std::int32_t> classes;
  for (const auto* table : tables) {
    for (std::size_t i = 0; i < table->labels.size(); ++i) {
      const auto& label = table->labels[i];
      if (!classes.emplace(label, 0).second) continue;
      if (const auto whole = integer_of(label)) {
        integers[label] = *whole;
      } else if (number_of(label)) {
        throw ConfigurationError(
            fmt::format("{}:{}: the label is {}, expected a class: an integer or a name",
                        table->path, table->lines[i], quotation(label)));
      } else {
        all_integers = false;
      }
      if (static_cast<std::int64_t>(classes.size()) > kMostClasses) {
        throw ConfigurationError(fmt::format(
            "{}:{}: more than {} different labels up to here: is this the column of classes?",
            table->path, table->lines[i], kMostClasses));
      }
    }
  }
  if (!all_integers) {
    std::int32_t next = 0;
    for (auto& entry : classes) entry.second = next++;
    return classes;
  }
  std::vector<std::int64_t> values;
  values.reserve(integers.size());
  for (const auto& entry : integers) values.push_back(entry.second);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  for (auto& [label, number] : classes) {
    const auto at = std::lower_bound(values.begin(), values.end(), integers[label]);
    number = static_cast<std::int32_t>(at - values.begin());
  }
  return classes;
}

LabelledSamples samples_of(TableRows rows, const std::map<std::string, std::int32_t>& classes) {
  LabelledSamples samples;
  samples.shape = {1, 1, rows.features};
  // Two spellings of one integer, "1" and "1.0", are one class.
  for (const auto& entry : classes) {
    samples.classes = std::max<std::int64_t>(samples.classes, entry.second + 1);
  }
  samples.labels.reserve(rows.labels.size());
  for (const auto& label : rows.labels) samples.labels.push_back(classes.at(label));
  samples.numbers = std::move(rows.numbers);
  return samples;
}

std::int64_t held_out(const DataOptions& options, std::int64_t samples) {
  if (options.test_fraction == 0.0) return options.test;
  return std::max<std::int64_t>(1,
                                std::llround(options.test_fraction * static_cast<double>(samples)));
}

/// A label of each class, as the files spell it.
std::vector<std::string> names_of(const std::map<std::string, std::int32_t>& classes) {
  std::vector<std::string> names;
  for (const auto& [label, number] : classes) {
    names.resize(std::max(names.size(), static_cast<std::size_t>(number) + 1));
    if (names[static_cast<std::size_t>(number)].empty()) {
      names[static_cast<std::size_t>(number)] = quotation(label);
    }
  }
  return names;
}

}  // namespace

SampleHalves table_halves(TableRows train, TableRows test, const DataOptions& options) {
  const auto classes = classes_of({&train, &test});
  const auto names = names_of(classes);
  if (names.size() < 2) {
    throw ConfigurationError(fmt::format("{}: all labels are {}, expected at least two classes",
                                         train.path, names.front()));
  }
  if (!test.labels.empty()) {
    return {samples_of(std::move(train), classes), samples_of(std::move(test), classes), names};
  }
  const std::string path = train.path;
  const LabelledSamples all = samples_of(std::move(train), classes);
  const std::int64_t n = held_out(options, all.size());
  if (n >= all.size()) {
    throw ConfigurationError(fmt::format(
        "{}: {} test samples of the {} there leave none to train on", path, n, all.size()));
  }
  std::vector<std::int64_t> order(static_cast<std::size_t>(all.size()));
  std::iota(order.begin(), order.end(), 0);
  Stream stream(options.seed, Purpose::split, 0);
  shuffle(order, stream);
  const auto cut = order.begin() + n;
  return {all.select({cut, order.end()}), all.select({order.begin(), cut}), names};
}

void check_table_size(const std::string& path, std::int64_t samples, std::int64_t features) {
  const double bytes =
      static_cast<double>(samples) * static_cast<double>(features) * sizeof(double);
  const double memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  if (bytes <= memory / 2) return;
  constexpr double mebibyte = 1024.0 * 1024.0;
  throw ConfigurationError(fmt::format(
      "{}: {} samples of {} features take {:.0f} MiB as a dense table, more than half of the "
      "{:.0f} MiB of this machine",
      path, samples, features, bytes / mebibyte, memory / mebibyte));
}

}  // namespace thalweg
