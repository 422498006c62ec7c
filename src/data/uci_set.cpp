#include "data/uci_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "base/checksum.hpp"
#include "base/error.hpp"
#include "data/sample_files.hpp"
#include "data/table_halves.hpp"
#include "data/text_lines.hpp"

namespace thalweg {

namespace {

namespace fs = std::filesystem;

std::vector<std::string> tables_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with("_R.dat")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string table_of(const fs::path& folder, const std::string& name) {
  const fs::path own = folder / (name + "_R.dat");
  if (fs::exists(own)) return own.string();
  const auto tables = tables_in(folder);
  if (tables.size() == 1 && !tables[0].ends_with("_train_R.dat") &&
      !tables[0].ends_with("_test_R.dat")) {
    return (folder / tables[0]).string();
  }
  throw ConfigurationError(fmt::format(
      "{}: found {} files *_R.dat, expected {}_R.dat (sets with a test file of their own have no "
      "hold-out pairs)",
      folder.string(), tables.size(), name));
}

/// A header line, then lines of: number, features, class from 0.
void read_uci_table(const std::string& path, UciSet& set) {
  TextLines lines(path);
  const auto header = lines.next();
  if (!header) throw ConfigurationError(path + ": there is no header");
  const auto names = words_of(*header);
  if (names.size() < 2 || names.back() != "clase") {
    lines.fail("expected a header of feature names that ends in \"clase\"");
  }
  set.features = static_cast<std::int64_t>(names.size()) - 1;
  while (const auto line = lines.next()) {
    const auto words = words_of(*line);
    if (words.size() != names.size() + 1) {
      lines.fail(fmt::format("found {} fields, expected {}: number, features and class",
                             words.size(), names.size() + 1));
    }
    for (std::size_t j = 1; j < names.size(); ++j) {
      set.rows.push_back(finite_number(words[j], fmt::format("feature {}", j), lines));
    }
    const auto label = integer_of(words.back());
    if (!label || *label < 0 || *label >= kMostClasses) {
      lines.fail(fmt::format("class: found {}, expected 0 to {}", quotation(words.back()),
                             kMostClasses - 1));
    }
    set.labels.push_back(static_cast<std::int32_t>(*label));
    set.classes = std::max(set.classes, *label + 1);
  }
  if (set.labels.empty()) throw ConfigurationError(path + ": there are no samples");
  if (set.classes < 2) throw ConfigurationError(path + ": all classes are 0, expected two or more");
}

/// `pairs` pairs of lines of sample numbers from 0.
std::vector<UciPair> read_pairs(const std::string& path, std::size_t pairs, const UciSet& set) {
  TextLines lines(path);
  std::vector<std::vector<std::int64_t>> parts;
  std::vector<bool> taken;
  while (const auto line = lines.next()) {
    if (parts.size() == 2 * pairs) {
      lines.fail(fmt::format("one line too many, expected {} of sample numbers", 2 * pairs));
    }
    if (parts.size() % 2 == 0) taken.assign(static_cast<std::size_t>(set.size()), false);
    auto& part = parts.emplace_back();
    for (const auto word : words_of(*line)) {
      const auto sample = integer_of(word);
      if (!sample || *sample < 0 || *sample >= set.size()) {
        lines.fail(fmt::format("found {}, expected a sample number, 0 to {}", quotation(word),
                               set.size() - 1));
      }
      if (taken[static_cast<std::size_t>(*sample)]) {
        lines.fail(fmt::format("sample {} is twice in a pair of training and test parts", *sample));
      }
      taken[static_cast<std::size_t>(*sample)] = true;
      part.push_back(*sample);
    }
  }
  if (parts.size() != 2 * pairs) {
    throw ConfigurationError(fmt::format("{}: found {} lines of sample numbers, expected {}", path,
                                         parts.size(), 2 * pairs));
  }
  std::vector<UciPair> result;
  for (std::size_t k = 0; k < pairs; ++k) result.push_back({parts[2 * k], parts[2 * k + 1]});
  return result;
}

}  // namespace

UciSet read_uci_set(const std::string& folder) {
  if (!fs::is_directory(folder)) {
    throw ConfigurationError(fmt::format("{}: there is no such folder", folder));
  }
  const fs::path path = fs::path(folder).lexically_normal();
  UciSet set;
  set.name = (path.has_filename() ? path : path.parent_path()).filename().string();
  read_uci_table(table_of(path, set.name), set);
  set.tuning = read_pairs((path / "conxuntos.dat").string(), 1, set).front();
  const auto pairs = read_pairs((path / "conxuntos_kfold.dat").string(), set.hold_outs.size(), set);
  std::copy(pairs.begin(), pairs.end(), set.hold_outs.begin());
  return set;
}

std::vector<std::string> uci_set_names(const std::string& folder) {
  if (!fs::is_directory(folder)) {
    throw ConfigurationError(fmt::format("{}: there is no such folder", folder));
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() && fs::exists(entry.path() / "conxuntos_kfold.dat")) {
      names.push_back(entry.path().filename().string());
    }
  }
  if (names.empty()) {
    throw ConfigurationError(fmt::format("{}: found no folder with a conxuntos_kfold.dat", folder));
  }
  std::sort(names.begin(), names.end());
  return names;
}

SampleHalves read_uci(const DataOptions& options) {
  UciSet set = read_uci_set(options.path);
  const LabelledSamples all{{1, 1, set.features}, set.classes, set.labels, {}, set.rows};
  const UciPair& pair = set.hold_outs.at(static_cast<std::size_t>(options.split));
  return {all.select(pair.train), all.select(pair.test)};
}

std::uint64_t checksum_of(const UciSet& set) {
  std::vector<std::uint64_t> parts{static_cast<std::uint64_t>(set.features),
                                   static_cast<std::uint64_t>(set.classes)};
  const auto add = [&](const auto& values) {
    parts.push_back(block_checksum(
        values.data(), static_cast<std::int64_t>(values.size() * sizeof(values.front()))));
  };
  add(set.rows);
  add(set.labels);
  for (const auto& pair : set.hold_outs) {
    add(pair.train);
    add(pair.test);
  }
  return block_checksum(parts.data(),
                        static_cast<std::int64_t>(parts.size() * sizeof(std::uint64_t)));
}

}  // namespace thalweg
