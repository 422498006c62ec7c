#include "studies/uci/uci_evaluation.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

double UciResult::accuracy(std::int64_t kernel) const {
  double sum = 0.0;
  for (std::int64_t pair = 0; pair < 4; ++pair) {
    sum += hold_outs[static_cast<std::size_t>(kernel * 4 + pair)].accuracy;
  }
  return sum / 4.0;
}

namespace {

/// A pair's samples, the training ones first.
struct PairSamples {
  std::vector<double> rows;
  std::vector<std::int32_t> labels;
  std::int64_t train = 0;
  std::int64_t features = 0;
  std::int64_t classes = 0;
  double median = 0.0;  ///< of the training samples

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
};

PairSamples pair_samples(const UciSet& set, const UciPair& pair) {
  PairSamples samples;
  samples.train = static_cast<std::int64_t>(pair.train.size());
  samples.features = set.features;
  samples.classes = set.classes;
  for (const auto* part : {&pair.train, &pair.test}) {
    for (const std::int64_t i : *part) {
      const auto row = set.rows.begin() + i * set.features;
      samples.rows.insert(samples.rows.end(), row, row + set.features);
      samples.labels.push_back(set.labels[static_cast<std::size_t>(i)]);
    }
  }
  return samples;
}

/// The kernel over all samples of a pair, row-major and whole: training rows first.
std::vector<double> whole_matrix(const KernelCandidate& candidate, const PairSamples& samples,
                                 const Communicator& alone) {
  constexpr std::int64_t block = 128;
  const Samples<double> all{samples.rows, {1, 1, samples.features}};
  const auto kernel = candidate.make(samples.median);
  const auto tiles = kernel->between(alone, all, all, block);
  const std::int64_t n = samples.size();
  std::vector<double> matrix(static_cast<std::size_t>(n * n));
  AlignedVector<double> tile(static_cast<std::size_t>(block * block));
  for (std::int64_t column = 0; column < tiles->column_panels(); ++column) {
    for (std::int64_t row = 0; row <= column; ++row) {
      tiles->compute(row, column, tile.data());
      for (std::int64_t j = 0; j < std::min(block, n - column * block); ++j) {
        const std::int64_t last = row == column ? j + 1 : std::min(block, n - row * block);
        for (std::int64_t i = 0; i < last; ++i) {
          const double value = tile[static_cast<std::size_t>(i + j * block)];
          const std::int64_t r = row * block + i;
          const std::int64_t c = column * block + j;
          matrix[static_cast<std::size_t>(r * n + c)] = value;
          matrix[static_cast<std::size_t>(c * n + r)] = value;
        }
      }
    }
  }
  return matrix;
}

/// The corner of a row-major matrix of `n` columns: rows [from, to), the first `columns`.
std::vector<double> part_of(const std::vector<double>& matrix, std::int64_t n, std::int64_t from,
                            std::int64_t to, std::int64_t columns) {
  std::vector<double> part;
  part.reserve(static_cast<std::size_t>((to - from) * columns));
  for (std::int64_t i = from; i < to; ++i) {
    const auto row = matrix.begin() + i * n;
    part.insert(part.end(), row, row + columns);
  }
  return part;
}

double test_accuracy(const PairSamples& samples, const std::vector<double>& test_rows,
                     const RidgeChoice& choice) {
  const std::int64_t tests = samples.size() - samples.train;
  std::vector<double> outputs(static_cast<std::size_t>(tests * samples.classes));
  // α is column-major, that is, row-major and transposed.
  gemm(false, true, tests, samples.classes, samples.train, 1.0, test_rows.data(),
       choice.alpha.data(), 0.0, outputs.data());
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < tests; ++i) {
    const auto label = samples.labels[static_cast<std::size_t>(samples.train + i)];
    const double* row = outputs.data() + i * samples.classes;
    right += largest_output(row, samples.classes, 1) == label ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(tests);
}

std::optional<HoldOutResult> evaluate(const PairSamples& samples, const KernelFamily& family,
                                      const UciProtocol& protocol, const Communicator& alone,
                                      const std::function<bool()>& stop) {
  const std::int64_t n = samples.size();
  const auto labels = std::span(samples.labels).first(static_cast<std::size_t>(samples.train));
  std::optional<RidgeChoice> best;
  std::vector<double> best_rows;  // test × train of the best
  std::string chosen;
  for (const auto& candidate : family.candidates) {
    if (stop()) return std::nullopt;
    const auto matrix = whole_matrix(candidate, samples, alone);
    RidgeChoice choice =
        choose_ridge(part_of(matrix, n, 0, samples.train, samples.train), labels, samples.classes,
                     protocol.relative_ridges, protocol.criterion);
    if (best && !choice.better_than(*best, protocol.criterion)) continue;
    best = std::move(choice);
    best_rows = part_of(matrix, n, samples.train, n, samples.train);
    chosen = candidate.label;
  }
  return HoldOutResult{chosen, best->relative_ridge, best->left_out.accuracy, best->lambda_min,
                       test_accuracy(samples, best_rows, *best)};
}

}  // namespace

std::optional<UciResult> evaluate_uci_set(const UciSet& set,
                                          const std::vector<KernelFamily>& families,
                                          const UciProtocol& protocol,
                                          const std::function<bool()>& stop) {
  const Stopwatch watch;
  const auto alone = Communicator::duplicate(MPI_COMM_SELF);
  UciResult result{set.name, set.size(), set.features, set.classes, {}, 0.0};
  const bool median = std::any_of(families.begin(), families.end(), [](const auto& family) {
    return family.candidates.front().needs_median();
  });
  std::vector<PairSamples> pairs;
  for (const auto& pair : set.hold_outs) {
    pairs.push_back(pair_samples(set, pair));
    PairSamples& samples = pairs.back();
    if (!median) continue;
    const auto train = std::span<const double>(samples.rows)
                           .first(static_cast<std::size_t>(samples.train * set.features));
    samples.median = median_distance(alone, Samples<double>{train, {1, 1, set.features}});
  }
  for (const auto& family : families) {
    for (const auto& samples : pairs) {
      const auto found = evaluate(samples, family, protocol, alone, stop);
      if (!found) return std::nullopt;
      result.hold_outs.push_back(*found);
    }
  }
  result.elapsed_s = watch.elapsed_s();
  return result;
}

Record uci_checkpoint(const UciResult& result) {
  Record record;
  record.attributes["set"] = result.set;
  record.attributes["samples"] = result.samples;
  record.attributes["features"] = result.features;
  record.attributes["classes"] = result.classes;
  std::vector<std::string> chosen;
  std::vector<double> numbers;
  for (const auto& pair : result.hold_outs) {
    chosen.push_back(pair.chosen);
    for (const double x : {pair.relative_ridge, pair.loo_accuracy, pair.lambda_min, pair.accuracy})
      numbers.push_back(x);
  }
  record.column("/chosen", std::move(chosen), "pair", "1", "candidate by kernel and pair");
  record.column("/numbers", std::move(numbers), "number", "1",
                "relative ridge, leave-one-out accuracy, lambda_min, accuracy by kernel and pair");
  record.scalar("/elapsed_s", result.elapsed_s, "s", "time for the set");
  return record;
}

UciResult uci_result(const Record& checkpoint) {
  UciResult result;
  result.set = std::get<std::string>(checkpoint.attributes.at("set"));
  result.samples = std::get<std::int64_t>(checkpoint.attributes.at("samples"));
  result.features = std::get<std::int64_t>(checkpoint.attributes.at("features"));
  result.classes = std::get<std::int64_t>(checkpoint.attributes.at("classes"));
  const auto& chosen = std::get<std::vector<std::string>>(checkpoint.arrays.at("/chosen").values);
  const auto& numbers = std::get<std::vector<double>>(checkpoint.arrays.at("/numbers").values);
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    result.hold_outs.push_back({chosen[k], numbers.at(4 * k), numbers.at(4 * k + 1),
                                numbers.at(4 * k + 2), numbers.at(4 * k + 3)});
  }
  result.elapsed_s = std::get<std::vector<double>>(checkpoint.arrays.at("/elapsed_s").values).at(0);
  return result;
}

}  // namespace thalweg
