#include "studies/small_data/small_data_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "data/data_settings.hpp"
#include "data/nested_draws.hpp"
#include "kernels/kernel_settings.hpp"
#include "kernels/memory.hpp"
#include "kernels/stored_kernel.hpp"
#include "linalg/block_cyclic.hpp"
#include "records/record.hpp"
#include "runs/run_settings.hpp"
#include "runs/study_data.hpp"
#include "studies/small_data/small_data_score.hpp"

namespace thalweg {

namespace {

namespace fs = std::filesystem;

/// Scores of all sizes and draws (draw fastest), the training sets dealt out in turn. Collective.
std::vector<SmallDataScore> scores_of(const Communicator& world, const SmallDataMatrices& of,
                                      const SmallDataSpec& plan,
                                      const std::vector<std::vector<std::int64_t>>& draws) {
  const auto tasks = static_cast<std::int64_t>(plan.sizes.size()) * plan.draws;
  std::vector<double> mine;
  collectively(world, [&] {
    for (std::int64_t task = world.rank(); task < tasks; task += world.size()) {
      const auto size =
          static_cast<std::size_t>(plan.sizes[static_cast<std::size_t>(task / plan.draws)]);
      const auto& order = draws[static_cast<std::size_t>(task % plan.draws)];
      const SmallDataScore score = small_data_score(of, std::span(order).first(size), plan.ridges);
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
bool run_kernels(const SmallDataSpec& plan, const StudyHeader& header, const StudyContext& context,
                 bool resume, bool single, SmallDataResult& result) {
  const Communicator& world = context.world;
  const DataSet<Real> data = load_study_data<Real>(plan.data, context, world, context.log);
  result.data = data.description;
  const std::int64_t pool = data.train.size();
  std::vector<std::vector<std::int64_t>> draws;
  collectively(world, [&] {
    require_pool(plan, pool);
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
    SmallDataMatrices matrices{
        {}, {}, data.train.labels(), data.test.labels(), data.train.classes()};
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
  const SmallDataSpec plan = small_data_plan(settings, header);
  return [=, &context](StudyStart start) {
    SmallDataResult result;
    result.scores.resize(plan.kernels.size());
    result.descriptions.resize(plan.kernels.size());
    const bool resume = start == StudyStart::resumed;
    if (!run_kernels<double>(plan, header, context, resume, false, result) ||
        !run_kernels<float>(plan, header, context, resume, true, result)) {
      if (context.world.is_root()) {
        context.log.info("stopped; the finished tiles are kept: " + context.how_to_resume());
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
