#include "data/low_rank.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "base/ordered_sum.hpp"
#include "base/philox.hpp"

namespace thalweg {

namespace {

/// Every rank holds the whole matrix and all entries: about 4 GiB for so many.
constexpr std::int64_t kMostElements = 100'000'000;

void require_from(const char* name, std::int64_t found, std::int64_t least, std::int64_t most,
                  const std::string& why) {
  if (found >= least && found <= most) return;
  throw ConfigurationError(
      fmt::format("{}: found {}, expected {} to {}{}", name, found, least, most, why));
}

void require_not_negative(const char* name, double found) {
  if (std::isfinite(found) && found >= 0.0) return;
  throw ConfigurationError(fmt::format("{}: found {}, expected 0 or more", name, found));
}

void check(const LowRankOptions& options) {
  require_from("rows", options.rows, 1, kMostElements, "");
  require_from("columns", options.columns, 1, kMostElements / options.rows,
               fmt::format(" beside {} rows", options.rows));
  const std::int64_t all = options.rows * options.columns;
  require_from("rank", options.rank, 1, std::min(options.rows, options.columns),
               fmt::format(", the smaller side of {} x {}", options.rows, options.columns));
  require_from("observed", options.observed, 1, all, ", the entries there are");
  require_from("validation", options.validation, 0, all - options.observed,
               ", the entries that are not observed");
  require_not_negative("coherence", options.coherence);
  require_not_negative("noise", options.noise);
  if (options.law != "normal" && options.law != "uniform") {
    throw ConfigurationError(
        fmt::format(R"(law: found "{}", expected "normal" or "uniform")", options.law));
  }
}

/// Row-major, `rows` × rank, from the stream of this index.
std::vector<double> factor(std::int64_t rows, const LowRankOptions& options, std::uint64_t seed,
                           std::uint64_t index) {
  Stream stream(seed, Purpose::low_rank, index);
  std::vector<double> entries;
  entries.reserve(static_cast<std::size_t>(rows * options.rank));
  for (std::int64_t i = 0; i < rows; ++i) {
    const double size = std::pow(static_cast<double>(i + 1), -options.coherence);
    for (std::int64_t k = 0; k < options.rank; ++k) {
      entries.push_back(size *
                        (options.law == "normal" ? stream.normal() : stream.uniform(-1.0, 1.0)));
    }
  }
  return entries;
}

/// U Vᵀ in units of its root mean square. Plain loops: the order of a sum in BLAS depends on the
/// machine.
std::vector<double> scaled_product(const LowRankOptions& options, std::uint64_t seed) {
  const auto u = factor(options.rows, options, seed, 0);
  const auto v = factor(options.columns, options, seed, 1);
  std::vector<double> product;
  product.reserve(static_cast<std::size_t>(options.rows * options.columns));
  std::vector<double> squares;  // of each row
  squares.reserve(static_cast<std::size_t>(options.rows));
  for (std::int64_t i = 0; i < options.rows; ++i) {
    const double* left = u.data() + i * options.rank;
    double square = 0.0;
    for (std::int64_t j = 0; j < options.columns; ++j) {
      const double* right = v.data() + j * options.rank;
      double sum = 0.0;
      for (std::int64_t k = 0; k < options.rank; ++k) sum += left[k] * right[k];
      product.push_back(sum);
      square += sum * sum;
    }
    squares.push_back(square);
  }
  const double scale =
      std::sqrt(static_cast<double>(options.rows * options.columns) / tree_sum(squares));
  for (double& entry : product) entry *= scale;
  return product;
}

std::string describe_low_rank(const LowRankOptions& options, const MatrixSample& sample,
                              std::uint64_t seed) {
  std::string text = fmt::format("low rank: {} x {} of rank {}, {} factors", options.rows,
                                 options.columns, options.rank, options.law);
  if (options.coherence > 0.0) text += fmt::format(" of coherence {}", options.coherence);
  if (options.noise > 0.0) text += fmt::format(", noise {}", options.noise);
  return text + fmt::format(", {} training, {} validation and {} test entries, seed {}",
                            sample.train.size(), sample.validation.size(), sample.test.size(),
                            seed);
}

}  // namespace

MatrixSample low_rank_sample(const LowRankOptions& options, std::uint64_t seed) {
  check(options);
  const std::int64_t all = options.rows * options.columns;
  MatrixSample sample;
  sample.rows = options.rows;
  sample.columns = options.columns;
  sample.truth = scaled_product(options, seed);
  sample.train.reserve(options.observed);
  sample.validation.reserve(options.validation);
  sample.test.reserve(all - options.observed - options.validation);
  const auto parts =
      drawn_parts(all, options.observed, options.validation, Stream(seed, Purpose::observed, 0));
  for (std::int64_t position = 0; position < all; ++position) {
    const auto at = static_cast<std::size_t>(position);
    double value = sample.truth[at];
    if (options.noise > 0.0 && parts[at] != MatrixPart::test) {
      Stream stream(seed, Purpose::entry_noise, static_cast<std::uint64_t>(position));
      value += options.noise * stream.normal();
    }
    sample.part(parts[at]).add(position / options.columns, position % options.columns, value);
  }
  sample.description = describe_low_rank(options, sample, seed);
  sample.hash = checksum_of(sample);
  return sample;
}

}  // namespace thalweg
