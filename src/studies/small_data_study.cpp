#include "studies/small_data_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "data/data_set.hpp"
#include "kernels/local_ridge.hpp"
#include "kernels/memory.hpp"
#include "kernels/stored_kernel.hpp"
#include "linalg/block_cyclic.hpp"
#include "records/record.hpp"
#include "studies/data_settings.hpp"
#include "studies/kernel_settings.hpp"
#include "studies/nested_draws.hpp"
#include "studies/run_plan.hpp"
#include "studies/small_data_record.hpp"

namespace thalweg {

namespace {

namespace fs = std::filesystem;

/// The entries of a column-major matrix of `rows` rows that belong to `chosen` rows and columns.
std::vector<double> pick(const std::vector<double>& matrix, std::int64_t rows,
                         std::span<const std::int64_t> chosen_rows,
                         std::span<const std::int64_t> chosen_columns) {
  std::vector<double> picked;
  picked.reserve(chosen_rows.size() * chosen_columns.size());
  for (const std::int64_t column : chosen_columns) {
    for (const std::int64_t row : chosen_rows) {
      picked.push_back(matrix[static_cast<std::size_t>(row + column * rows)]);
    }
  }
  return picked;
}

/// The matrices of one kernel with all labels.
struct Matrices {
  std::vector<double> gram;   ///< pool × pool
  std::vector<double> cross;  ///< test × pool
  std::span<const std::int32_t> pool_labels;
  std::span<const std::int32_t> test_labels;
  std::int64_t classes = 0;
};

SmallDataScore score_of(const Matrices& of, std::span<const std::int64_t> samples,
                        const std::vector<double>& ridges) {
  const auto pool = static_cast<std::int64_t>(of.pool_labels.size());
  const auto tests = static_cast<std::int64_t>(of.test_labels.size());
  const auto n = static_cast<std::int64_t>(samples.size());
  std::vector<std::int32_t> labels;
  for (const std::int64_t sample : samples) {
    labels.push_back(of.pool_labels[static_cast<std::size_t>(sample)]);
  }
  const LocalRidge regression(pick(of.gram, pool, samples, samples),
                              centred_one_hot(labels, of.classes), of.classes);
  const double mean_diagonal = regression.trace() / static_cast<double>(n);
  SmallDataScore best;
  bool found = false;
  for (const double ridge : ridges) {
    const double lambda = ridge * mean_diagonal;
    if (!regression.is_positive(lambda)) continue;
    const double error = regression.leave_one_out(lambda).error;
    if (!found || error < best.loo_error) best = {0.0, error, lambda};
    found = true;
  }
  if (!found) static_cast<void>(regression.solution(ridges.back() * mean_diagonal));  // says why
  const auto alpha = regression.solution(best.ridge);
  std::int64_t right = 0;
  std::vector<double> output(static_cast<std::size_t>(of.classes));
  for (std::int64_t t = 0; t < tests; ++t) {
    std::fill(output.begin(), output.end(), 0.0);
    for (std::int64_t i = 0; i < n; ++i) {
      const double k =
          of.cross[static_cast<std::size_t>(t + samples[static_cast<std::size_t>(i)] * tests)];
      for (std::int64_t c = 0; c < of.classes; ++c) {
        output[static_cast<std::size_t>(c)] += k * alpha[static_cast<std::size_t>(i + c * n)];
      }
    }
    right +=
        largest_output(output.data(), of.classes, 1) == of.test_labels[static_cast<std::size_t>(t)]
            ? 1
            : 0;
  }
  best.test_accuracy = static_cast<double>(right) / static_cast<double>(tests);
  return best;
}

/// Scores of all sizes and draws (draw fastest), the training sets dealt out in turn. Collective.
std::vector<SmallDataScore> scores_of(const Communicator& world, const Matrices& of,
                                      const SmallDataPlan& plan,
                                      const std::vector<std::vector<std::int64_t>>& draws) {
  const auto tasks = static_cast<std::int64_t>(plan.sizes.size()) * plan.draws;
  std::vector<double> mine;
  collectively(world, [&] {
    for (std::int64_t task = world.rank(); task < tasks; task += world.size()) {
      const auto size =
          static_cast<std::size_t>(plan.sizes[static_cast<std::size_t>(task / plan.draws)]);
      const auto& order = draws[static_cast<std::size_t>(task % plan.draws)];
      const SmallDataScore score = score_of(of, std::span(order).first(size), plan.ridges);
      mine.insert(mine.end(), {score.test_accuracy, score.loo_error, score.ridge});
    }
  });
  const std::vector<double> all = world.gather_all(std::span<const double>(mine));
  std::vector<SmallDataScore> scores(static_cast<std::size_t>(tasks));
  std::size_t at = 0;
  for (int rank = 0; rank < world.size(); ++rank) {
    for (std::int64_t task = rank; task < tasks; task += world.size()) {
      scores[static_cast<std::size_t>(task)] = {all[at], all[at + 1], all[at + 2]};
      at += 3;
    }
  }
  return scores;
}

/// False when stopped. Collective.
template <class Real>
bool run_kernels(const SmallDataPlan& plan, const StudyHeader& header, const StudyContext& context,
                 bool resume, bool single, SmallDataResult& result) {
  const Communicator& world = context.world;
  const DataSet<Real> data = load_data<Real>(plan.data, world, world);
  result.data = data.description;
  const std::int64_t pool = data.train.size();
  std::vector<std::vector<std::int64_t>> draws;
  collectively(world, [&] {
    if (plan.sizes.back() > pool) {
      throw ConfigurationError(fmt::format(
          "[small_data] sizes: {} training samples from a pool of {}", plan.sizes.back(), pool));
    }
    for (std::int64_t draw = 0; draw < plan.draws; ++draw) {
      draws.push_back(nested_draw(data.train.labels(), data.train.classes(),
                                  static_cast<std::uint64_t>(header.seed), draw));
    }
  });
  require_memory(world, "small_data", pool, [&](std::int64_t n) {
    return 8 * n * (n + data.test.size()) + 16 * plan.sizes.back() * plan.sizes.back();
  });
  const Samples<Real> train{data.train.all_rows(), data.train.shape()};
  const Samples<Real> test{data.test.all_rows(), data.test.shape()};
  const WorkControl control{context.log,
                            [&] { return context.started.elapsed_s() > context.time_limit_s; }};
  for (std::size_t k = 0; k < plan.kernels.size(); ++k) {
    const NamedKernel& named = plan.kernels[k];
    if ((named.settings.precision == Precision::float32) != single) continue;
    if (world.is_root()) context.log.info("kernel '" + named.name + "'");
    const fs::path folder = fs::path(context.output_folder) / "runs" / named.name;
    const KernelChoice choice = named.settings.kernel.fitted(world, train);
    const auto kernel = choice.make<Real>();
    result.descriptions[k] = choice.description();
    const auto provenance = provenance_attributes(context.provenance);
    const std::int64_t block = choose_block(pool);
    const auto stored = [&](const Samples<Real>& rows, const char* file) {
      return StoredKernel<Real>(world, *kernel, rows, train, block, (folder / file).string(),
                                provenance, resume, control);
    };
    const auto gram = stored(train, "gram.h5");
    if (!gram.complete()) return false;
    const auto cross = stored(test, "cross.h5");
    if (!cross.complete()) return false;
    Matrices matrices{{}, {}, data.train.labels(), data.test.labels(), data.train.classes()};
    collectively(world, [&] {
      matrices.gram = dense_matrix(gram.tiles());
      matrices.cross = dense_matrix(cross.tiles());
    });
    result.scores[k] = scores_of(world, matrices, plan, draws);
  }
  return true;
}

}  // namespace

StudyBody prepare_small_data_study(const Settings& settings, const StudyHeader& header,
                                   StudyContext& context) {
  const SmallDataPlan plan = small_data_plan(settings, header);
  if (header.team_size != 0) {
    settings.table("study").fail("team_size", "a kernel study always uses all ranks; leave it out");
  }
  return [=, &context](StudyStart start) {
    SmallDataResult result;
    result.scores.resize(plan.kernels.size());
    result.descriptions.resize(plan.kernels.size());
    const bool resume = start == StudyStart::resumed;
    if (!run_kernels<double>(plan, header, context, resume, false, result) ||
        !run_kernels<float>(plan, header, context, resume, true, result)) {
      if (context.world.is_root()) {
        context.log.info("stopped; the finished tiles are kept: run again with --resume");
      }
      return ExitCode::checkpointed;
    }
    collectively(context.world, [&] {
      if (!context.world.is_root()) return;
      const std::string file = (fs::path(context.output_folder) / "study.h5").string();
      Record record = small_data_record(plan, result);
      add_study_attributes(record, header, context, recorded_configuration(settings));
      write_record(file, record);
      fmt::print("{}record  {}\n", small_data_table(plan, result), file);
      std::fflush(stdout);
    });
    return ExitCode::done;
  };
}

}  // namespace thalweg
