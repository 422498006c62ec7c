#include "planning/small_data_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "data/data_set.hpp"
#include "kernels/kernel_tiles.hpp"
#include "linalg/block_cyclic.hpp"
#include "linalg/gemm.hpp"
#include "planning/plan_timing.hpp"
#include "planning/rehearsal.hpp"
#include "planning/study_estimate.hpp"
#include "studies/small_data/small_data_score.hpp"
#include "studies/small_data/small_data_settings.hpp"

namespace thalweg {

namespace {

/// Pairs of samples of each kernel as many as there is time for, and one regression of each of the
/// two largest sizes.
class SmallDataEstimate {
 public:
  SmallDataEstimate(const SmallDataSpec& plan, PlanRequest& request)
      : plan_(plan), request_(request) {}

  StudyEstimate make() {
    estimate_.gemm_flops_s = gemm_rate<double>();
    const double program = program_bytes();
    auto kernels_left = static_cast<double>(plan_.kernels.size());
    double samples_bytes = 0.0;
    for (const auto& named : plan_.kernels) {
      const double seconds = std::max(0.0, request_.left_s()) / kernels_left;
      kernels_left -= 1.0;
      samples_bytes = std::max(samples_bytes, named.settings.precision == Precision::float32
                                                  ? add_kernel<float>(named, seconds)
                                                  : add_kernel<double>(named, seconds));
    }
    const auto n = static_cast<double>(pool_);
    const auto largest = static_cast<double>(plan_.sizes.back());
    estimate_.memory = {
        {"program and libraries", program},
        {"samples, one copy a node", samples_bytes},
        {"matrices of a kernel", 8.0 * n * (n + static_cast<double>(test_))},
        {"a tile, or a regression", std::max(tile_bytes_, score_bytes_.at(largest))}};
    if (loading_peak_ > bytes_of(estimate_.memory)) {
      estimate_.memory.push_back(
          {"more while the data are loaded", loading_peak_ - bytes_of(estimate_.memory)});
    }
    return std::move(estimate_);
  }

 private:
  /// Returns the bytes of the samples.
  template <class Real>
  double add_kernel(const NamedKernel& named, double seconds) {
    const Stopwatch loading;
    const auto data = load_data<Real>(plan_.data, request_.context.world, request_.self);
    const double loading_s = loading.elapsed_s();
    loading_peak_ = std::max(loading_peak_, status_bytes("VmHWM"));
    pool_ = data.train.size();
    test_ = data.test.size();
    collectively(request_.context.world, [&] { require_pool(plan_, pool_); });
    if (estimate_.work.stages.empty()) {
      WorkUnit load;
      load.fixed_s = loading_s;
      add("loading the data", WorkStage::Deal::root, "measured", load);
      rehearse_scores(data);
    }
    const auto pairs = pairs_of(named, data, seconds);
    const std::int64_t block = choose_block(pool_);
    const std::int64_t panels = (pool_ + block - 1) / block;
    const std::int64_t test_panels = (test_ + block - 1) / block;
    const std::int64_t tiles = panels * (panels + 1) / 2 + panels * test_panels;
    WorkUnit unit;
    unit.items = tiles;
    unit.item_s =
        pairs.seconds_each *
        (0.5 * static_cast<double>(pool_ * (pool_ + block)) + static_cast<double>(pool_ * test_)) /
        static_cast<double>(tiles);
    const auto element = static_cast<double>(sizeof(Real));
    const auto side = static_cast<double>(panels * block);
    const auto test_side = static_cast<double>(test_panels * block);
    estimate_.disk.push_back(
        {named.name + ": gram.h5 and cross.h5", element * side * (side + test_side)});
    add(named.name + ": matrices", WorkStage::Deal::together,
        fmt::format("{} x {} pairs measured", pairs.rows, pairs.rows), unit);
    WorkStage stage{named.name + ": regressions", WorkStage::Deal::teams, 1, {}};
    for (const auto size : plan_.sizes) {
      for (std::int64_t draw = 0; draw < plan_.draws; ++draw) {
        WorkUnit score;
        score.fixed_s = score_seconds_.at(static_cast<double>(size));
        stage.tasks.push_back(
            {fmt::format("{}-{}", size, draw),
             0.0,
             {{named.name + ": regressions", 1.0, 1.0, "two sizes, by n^3 and n^2", score}}});
      }
    }
    estimate_.work.stages.push_back(std::move(stage));
    return static_cast<double>((pool_ + test_) * data.train.features()) * element;
  }

  struct Pairs {
    std::int64_t rows = 0;
    double seconds_each = 0.0;
  };

  /// One tile between different samples, of twice as many rows as long as there is time for it.
  template <class Real>
  Pairs pairs_of(const NamedKernel& named, const DataSet<Real>& data, double seconds) {
    constexpr std::int64_t first = 8;
    constexpr double growth = 5.0;
    const Samples<Real> all{data.train.all_rows(), data.train.shape()};
    const auto kernel = named.settings.kernel.fitted(request_.self, all).template make<Real>();
    const std::int64_t most = std::min(choose_block(pool_), pool_ / 2);
    const auto features = static_cast<std::size_t>(data.train.features());
    Pairs pairs;
    const Stopwatch watch;
    for (std::int64_t rows = std::min(first, most);; rows = std::min(2 * rows, most)) {
      const auto count = static_cast<std::size_t>(rows) * features;
      const Samples<Real> some{data.train.all_rows().first(count), data.train.shape()};
      const Samples<Real> others{data.train.all_rows().subspan(count, count), data.train.shape()};
      AlignedVector<Real> tile(static_cast<std::size_t>(rows * rows));
      const Rehearsal took = rehearsed(
          [&] { kernel->between(request_.self, some, others, rows)->compute(0, 0, tile.data()); });
      pairs = {rows, took.seconds / static_cast<double>(rows * rows)};
      tile_bytes_ = std::max(tile_bytes_, took.bytes);
      if (rows == most || watch.elapsed_s() + growth * took.seconds > seconds) return pairs;
    }
  }

  /// By the linear kernel with a ridge: what a decomposition takes hangs little on the numbers.
  template <class Real>
  void rehearse_scores(const DataSet<Real>& data) {
    const std::int64_t largest = plan_.sizes.back();
    const auto features = data.train.features();
    const auto numbers = [&](const DataSplit<Real>& split, std::int64_t rows) {
      const auto of = split.all_rows().first(static_cast<std::size_t>(rows * features));
      return std::vector<double>(of.begin(), of.end());
    };
    const auto train = numbers(data.train, largest);
    const auto test = numbers(data.test, test_);
    for (const auto size : {largest / 2, largest}) {
      SmallDataMatrices matrices{std::vector<double>(static_cast<std::size_t>(size * size)),
                                 std::vector<double>(static_cast<std::size_t>(size * test_)),
                                 data.train.labels().first(static_cast<std::size_t>(size)),
                                 data.test.labels(), data.train.classes()};
      gemm(false, true, size, size, features, 1.0, train.data(), train.data(), 0.0,
           matrices.gram.data());
      gemm(false, true, size, test_, features, 1.0, train.data(), test.data(), 0.0,
           matrices.cross.data());
      for (std::int64_t i = 0; i < size; ++i) {
        double& diagonal = matrices.gram[static_cast<std::size_t>(i * (size + 1))];
        diagonal += 1e-3 * (1.0 + diagonal);
      }
      std::vector<std::int64_t> samples(static_cast<std::size_t>(size));
      std::iota(samples.begin(), samples.end(), 0);
      const Rehearsal took =
          rehearsed([&] { static_cast<void>(small_data_score(matrices, samples, plan_.ridges)); });
      const auto n = static_cast<double>(size);
      score_seconds_ = {score_seconds_.large_size, score_seconds_.large, n, took.seconds, 2.0, 3.0};
      score_bytes_ = {0.0, 0.0, n, took.bytes, 2.0, 2.0};
    }
  }

  void add(const std::string& name, WorkStage::Deal deal, const std::string& basis, WorkUnit unit) {
    estimate_.work.stages.push_back(
        {name, deal, 0, {{name, 0.0, {{name, 1.0, 1.0, basis, std::move(unit)}}}}});
  }

  const SmallDataSpec& plan_;
  PlanRequest& request_;
  StudyEstimate estimate_;
  std::int64_t pool_ = 0;
  std::int64_t test_ = 0;
  double loading_peak_ = 0.0;
  double tile_bytes_ = 0.0;
  GrowthLaw score_seconds_;
  GrowthLaw score_bytes_;
};

}  // namespace

StudyEstimate estimate_small_data(const Settings& settings, const StudyHeader& header,
                                  PlanRequest& request) {
  SmallDataSpec plan;
  collectively(request.context.world, [&] {
    plan = small_data_plan(settings, header);
    settings.reject_unknown();
  });
  return SmallDataEstimate(plan, request).make();
}

}  // namespace thalweg
