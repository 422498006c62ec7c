#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "data/sample_files.hpp"
#include "data/table_halves.hpp"
#include "data/text_lines.hpp"

namespace thalweg {

namespace {

struct SparseRows {
  TableRows rows;                                        ///< without numbers
  std::vector<std::size_t> begin;                        ///< of each sample's entries, and the end
  std::vector<std::pair<std::int64_t, double>> entries;  ///< (index from 1, value)
  std::int64_t largest = 0;
};

SparseRows read_sparse(const std::string& path) {
  TextLines lines(path);
  SparseRows sparse;
  sparse.rows.path = path;
  while (const auto line = lines.next()) {
    const auto words = words_of(line->substr(0, line->find('#')));
    if (words.empty()) continue;
    if (!integer_of(words[0])) {
      lines.fail(fmt::format("label: found {}, expected an integer", quotation(words[0])));
    }
    sparse.rows.labels.emplace_back(words[0]);
    sparse.rows.lines.push_back(lines.number());
    sparse.begin.push_back(sparse.entries.size());
    std::int64_t before = 0;
    for (std::size_t k = 1; k < words.size(); ++k) {
      const auto colon = words[k].find(':');
      const auto index = integer_of(words[k].substr(0, colon));
      if (colon == std::string_view::npos || !index) {
        lines.fail(fmt::format("found {}, expected INDEX:VALUE", quotation(words[k])));
      }
      if (*index < 1) lines.fail(fmt::format("found index {}, expected at least 1", *index));
      if (*index <= before) {
        lines.fail(
            fmt::format("found index {} after {}, expected ascending indices", *index, before));
      }
      before = *index;
      sparse.entries.emplace_back(*index, finite_number(words[k].substr(colon + 1),
                                                        fmt::format("index {}", *index), lines));
    }
    sparse.largest = std::max(sparse.largest, before);
  }
  if (sparse.rows.labels.empty()) throw ConfigurationError(path + ": there are no samples");
  sparse.begin.push_back(sparse.entries.size());
  return sparse;
}

/// One wrong index makes all rows as long as it says; what is hardly filled was not meant.
void check_density(const std::string& path, std::int64_t samples, std::int64_t features,
                   std::size_t entries) {
  constexpr double sparsest = 65536.0;
  const double numbers = static_cast<double>(samples) * static_cast<double>(features);
  if (numbers <= sparsest * static_cast<double>(entries)) return;
  throw ConfigurationError(fmt::format(
      "{}: {} samples with indices up to {} hold {} numbers, fewer than one in {:.0f} of "
      "a dense table: is the largest index right?",
      path, samples, features, entries, sparsest));
}

TableRows dense(SparseRows sparse, std::int64_t features) {
  TableRows rows = std::move(sparse.rows);
  rows.features = features;
  rows.numbers.assign(rows.labels.size() * static_cast<std::size_t>(features), 0.0);
  for (std::size_t i = 0; i + 1 < sparse.begin.size(); ++i) {
    double* row = rows.numbers.data() + i * static_cast<std::size_t>(features);
    for (std::size_t k = sparse.begin[i]; k < sparse.begin[i + 1]; ++k) {
      row[sparse.entries[k].first - 1] = sparse.entries[k].second;
    }
  }
  return rows;
}

}  // namespace

SampleHalves read_libsvm(const DataOptions& options) {
  SparseRows train = read_sparse(options.path);
  SparseRows test;
  if (!options.test_path.empty()) test = read_sparse(options.test_path);
  const std::int64_t features = std::max(train.largest, test.largest);
  if (features == 0) throw ConfigurationError(options.path + ": no sample has a feature");
  const auto samples =
      static_cast<std::int64_t>(train.rows.labels.size() + test.rows.labels.size());
  check_table_size(options.path, samples, features);
  check_density(options.path, samples, features, train.entries.size() + test.entries.size());
  TableRows train_rows = dense(std::move(train), features);
  return table_halves(std::move(train_rows),
                      options.test_path.empty() ? TableRows{} : dense(std::move(test), features),
                      options);
}

}  // namespace thalweg
