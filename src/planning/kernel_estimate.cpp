#include "planning/kernel_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "kernels/regression.hpp"
#include "linalg/upper_cholesky.hpp"
#include "planning/plan_timing.hpp"
#include "planning/rehearsal.hpp"
#include "planning/study_estimate.hpp"
#include "studies/kernel/kernel_comparison.hpp"
#include "studies/kernel/kernel_record.hpp"
#include "studies/kernel/kernel_study.hpp"

namespace thalweg {

namespace {

/// The whole regression on fewer samples, on one rank.
struct RegressionRehearsal {
  std::int64_t samples = 0;
  KernelResult result;
  double record_bytes = 0.0;
  double gram_bytes = 0.0;

  [[nodiscard]] double seconds() const {
    return result.assemble_s + result.factor_s + result.solve_s + result.residual_s +
           result.predict_s;
  }
};

KernelResult regression_of(const DataOptions& options, const KernelSettings& chosen,
                           const Communicator& self, const std::optional<GramKeeping>& keeping) {
  const WorkControl control;
  if (chosen.precision == Precision::mixed) {
    const auto data = load_data<double>(options, self, self);
    const auto rough = load_data<float>(options, self, self);
    const KernelChoice choice =
        chosen.kernel.fitted(self, Samples<double>{data.train.all_rows(), data.train.shape()});
    return mixed_kernel_regression(self, rough, *choice.make<float>(), data, *choice.make<double>(),
                                   chosen.regression, keeping, control);
  }
  const auto in = [&]<class Real>(Real /*zero*/) {
    const auto data = load_data<Real>(options, self, self);
    const KernelChoice choice =
        chosen.kernel.fitted(self, Samples<Real>{data.train.all_rows(), data.train.shape()});
    const auto kernel = choice.make<Real>();
    const auto nngp = chosen.regression.ensemble ? choice.nngp().template make<Real>() : nullptr;
    return kernel_regression<Real>(self, data, *kernel, chosen.regression, keeping, control,
                                   nngp.get());
  };
  return chosen.precision == Precision::float32 ? in(0.0F) : in(0.0);
}

/// As tall_grid makes it.
struct GridShape {
  int rows = 1;
  int columns = 1;
};

GridShape tall_grid_of(std::int64_t ranks) {
  auto columns = static_cast<std::int64_t>(std::sqrt(static_cast<double>(ranks)));
  while (ranks % columns != 0) --columns;
  return {static_cast<int>(ranks / columns), static_cast<int>(columns)};
}

class KernelEstimate {
 public:
  KernelEstimate(const KernelSpec& plan, std::string prefix, PlanRequest& request)
      : plan_(plan), prefix_(std::move(prefix)), request_(request) {}

  StudyEstimate make(double seconds) {
    // After products: BLAS touches its work space in the first.
    estimate_.gemm_flops_s =
        plan_.chosen.precision == Precision::float64 ? gemm_rate<double>() : gemm_rate<float>();
    const double program = program_bytes();
    check_reused_gram();
    const bool single = plan_.chosen.precision == Precision::float32;
    element_ = plan_.chosen.precision == Precision::float64 ? 8 : 4;
    const Stopwatch loading;
    const double loading_peak = single ? load<float>() : load<double>();
    add("loading the data", WorkStage::Deal::root, 1.0, "measured", fixed(loading.elapsed_s()));
    rehearse(seconds);
    add_pieces();
    add_memory(program, loading_peak);
    add_disk();
    estimate_.notes.push_back(fmt::format(
        "{}measured in whole regressions of {} and {} training samples on one rank, grown to {} "
        "by the order of each part",
        prefix_, small_.samples, large_.samples, n_));
    return std::move(estimate_);
  }

 private:
  void check_reused_gram() {
    const std::string& file = plan_.chosen.reused_gram;
    if (file.empty()) return;
    collectively(request_.context.world, [&] {
      if (std::filesystem::exists(file)) return;
      throw ConfigurationError(file +
                               ": no such file; a Gram matrix to be reused must be complete");
    });
    estimate_.notes.push_back(
        fmt::format("{}the Gram matrix is read from {}; that is not counted", prefix_, file));
  }

  static WorkUnit fixed(double seconds) {
    WorkUnit unit;
    unit.fixed_s = seconds;
    return unit;
  }

  /// All data, for their sizes; returns the peak of loading.
  template <class Real>
  double load() {
    const auto data = load_data<Real>(plan_.data, request_.context.world, request_.self);
    n_ = data.train.size();
    test_ = data.test.size();
    classes_ = data.train.classes();
    const auto numbers = static_cast<double>((n_ + test_) * data.train.features());
    sample_bytes_ =
        (sizeof(Real) + (plan_.chosen.precision == Precision::mixed ? 4.0 : 0.0)) * numbers;
    return status_bytes("VmHWM");
  }

  RegressionRehearsal rehearse_with(std::int64_t samples) const {
    DataOptions options = plan_.data;
    options.train = samples;
    options.test = std::min(test_, samples);
    RegressionRehearsal rehearsal;
    rehearsal.samples = samples;
    std::optional<GramKeeping> keeping;
    const std::string gram = fmt::format("{}/gram-{}.h5", request_.scratch, samples);
    if (plan_.chosen.keeps_matrix(n_)) {
      keeping.emplace();
      keeping->path = gram;
      keeping->cross_path = fmt::format("{}/cross-{}.h5", request_.scratch, samples);
      keeping->provenance = provenance_attributes(request_.context.provenance);
    }
    KernelSettings chosen = plan_.chosen;
    auto& regression = chosen.regression;
    regression.preconditioner_rank = std::min(regression.preconditioner_rank, samples / 2);
    rehearsal.result = regression_of(options, chosen, request_.self, keeping);
    rehearsal.gram_bytes = file_bytes(gram);
    const std::string record = request_.scratch + "/kernel.h5";
    write_record(record, kernel_record(rehearsal.result));
    rehearsal.record_bytes = file_bytes(record);
    std::filesystem::remove(gram);
    return rehearsal;
  }

  /// Twice as many samples as long as there is time for it.
  void rehearse(double seconds) {
    constexpr std::int64_t first = 128;
    constexpr std::int64_t most = 4096;
    constexpr double growth = 5.0;  // between n² and n³
    const Stopwatch watch;
    large_ = rehearse_with(std::min(first, n_));
    small_ = large_;
    while (2 * large_.samples <= std::min(n_, most) &&
           watch.elapsed_s() + growth * large_.seconds() < seconds) {
      small_ = std::move(large_);
      large_ = rehearse_with(2 * small_.samples);
    }
  }

  /// What grows with this power of the samples, from the larger rehearsal.
  [[nodiscard]] double grown(double seconds, double power) const {
    return seconds * std::pow(static_cast<double>(n_) / static_cast<double>(large_.samples), power);
  }
  /// What has a part of n³ and a part of n²: by both rehearsals.
  [[nodiscard]] double grown_cubic(double of_small, double of_large) const {
    return GrowthLaw{static_cast<double>(small_.samples), of_small,
                     static_cast<double>(large_.samples), of_large}
        .at(static_cast<double>(n_));
  }

  void add(const std::string& name, WorkStage::Deal deal, double count, const std::string& basis,
           WorkUnit unit) {
    WorkPiece piece{prefix_ + name, count, count, basis, std::move(unit)};
    estimate_.work.stages.push_back(
        {prefix_ + name, deal, 0, {{prefix_ + name, 0.0, {std::move(piece)}}}});
  }

  [[nodiscard]] bool iterates() const {
    return plan_.chosen.regression.method == RegressionMethod::cg ||
           plan_.chosen.precision == Precision::mixed;
  }

  void add_pieces() {
    const auto n = static_cast<double>(n_);
    const auto classes = static_cast<double>(classes_);
    const std::int64_t block = choose_block(n_);
    const std::int64_t panels = (n_ + block - 1) / block;
    const std::int64_t tiles = panels * (panels + 1) / 2;
    const KernelResult& done = large_.result;
    const RegressionMethod method = plan_.chosen.regression.method;
    const std::string basis = fmt::format("{} samples, by n^2", large_.samples);
    if (method != RegressionMethod::cg) {
      WorkUnit gram = tiled(grown(done.assemble_s, 2.0), tiles);
      gram.bytes_moved = 0.5 * n * n * static_cast<double>(element_);
      if (plan_.chosen.reused_gram.empty()) {
        add("Gram matrix", WorkStage::Deal::together, 1.0, basis, gram);
      }
      WorkUnit factor;
      factor.shared_s = grown_cubic(small_.result.factor_s, done.factor_s);
      const bool eigen = method == RegressionMethod::eigen;
      factor.flops = (eigen ? 9.0 : 1.0 / 3.0) * n * n * n;
      factor.bytes_moved =
          n * n * static_cast<double>(element_) * static_cast<double>(panels) / 12.0;
      factor.exchanges = {{Exchange::Kind::panel, static_cast<double>(panels),
                           0.5 * n * static_cast<double>(block * element_), 0}};
      add(eigen ? "eigendecomposition" : "factorisation", WorkStage::Deal::together, 1.0,
          "two rehearsals, by n^3 and n^2", factor);
    }
    WorkUnit solve;
    solve.shared_s = grown(done.solve_s, 2.0);
    solve.exchanges = {{Exchange::Kind::panel, 2.0 * static_cast<double>(panels),
                        classes * static_cast<double>(block * 8), 0}};
    std::string how = basis;
    if (iterates()) {
      how = fmt::format("{} iterations on {} samples; at most {}", done.iterations, large_.samples,
                        plan_.chosen.regression.max_iterations);
      const double all = solve.shared_s;
      solve.shared_s = 0.0;
      solve = tiled(all, std::min<std::int64_t>(tiles, 240));
      solve.exchanges = {
          {Exchange::Kind::slices, static_cast<double>(done.iterations), 8.0 * n * classes,
           std::min<std::int64_t>(tiles, 240)},
          {Exchange::Kind::gather, static_cast<double>(done.iterations), 8.0 * n * classes, 0}};
    }
    solve.flops = 2.0 * n * n * classes;
    add("solution", WorkStage::Deal::together, 1.0, how, solve);
    if (!iterates()) {
      // The sums of 240 shares of the tiles are exchanged.
      WorkUnit residual = tiled(grown(done.residual_s, 2.0), std::min<std::int64_t>(tiles, 240));
      residual.flops = 2.0 * n * n * classes;
      residual.exchanges = {
          {Exchange::Kind::slices, 1.0, 8.0 * n * classes, std::min<std::int64_t>(tiles, 240)},
          {Exchange::Kind::gather, 1.0, 8.0 * n * classes, 0}};
      add("residual", WorkStage::Deal::together, 1.0, basis, residual);
    }
    const auto tested = static_cast<double>(std::min(test_, large_.samples));
    WorkUnit predict =
        tiled(grown(done.predict_s, 1.0) * static_cast<double>(test_) / std::max(tested, 1.0),
              (test_ + block - 1) / block);
    predict.flops = 2.0 * n * static_cast<double>(test_) * classes;
    predict.exchanges = {
        {Exchange::Kind::gather, 1.0, 8.0 * static_cast<double>(test_) * classes, 0}};
    add("predictions", WorkStage::Deal::together, 1.0, basis, predict);
  }

  /// So many seconds of one rank in pieces that are dealt out whole.
  static WorkUnit tiled(double seconds, std::int64_t pieces) {
    WorkUnit unit;
    unit.items = std::max<std::int64_t>(pieces, 1);
    unit.item_s = seconds / static_cast<double>(unit.items);
    return unit;
  }

  void add_memory(double program, double loading_peak) {
    const GridShape grid = tall_grid_of(request_.ranks);
    const std::int64_t block = choose_block(n_);
    const auto& regression = plan_.chosen.regression;
    const auto outputs = classes_ * (1 + static_cast<std::int64_t>(regression.times.size()));
    auto parts = std::vector<PlannedBytes>{{"program and libraries", program},
                                           {"samples, one copy a node", sample_bytes_}};
    const auto matrix =
        static_cast<double>(local_bytes(n_, n_, block, grid.rows, grid.columns, element_));
    // Pages of the strictly lower triangle are never touched where one factorisation is all.
    const bool whole = regression.method == RegressionMethod::eigen ||
                       regression.ridge_grid.size() > 1 || large_.result.iterated || is_costly();
    const double panels = std::ceil(static_cast<double>(n_) / static_cast<double>(block));
    const double touched = whole ? 1.0 : 0.5 * (1.0 + 1.0 / panels);
    // And half a page at the end of each column.
    constexpr double half_page = 2048.0;
    const double ends = whole ? 0.0 : half_page * static_cast<double>(n_) / grid.columns;
    if (regression.method != RegressionMethod::cg) {
      parts.push_back({"Gram matrix, this rank's part", touched * matrix + ends});
      parts.push_back(
          {"panels of the factorisation",
           static_cast<double>(cholesky_bytes(n_, block, grid.rows, grid.columns, element_))});
      if (regression.method == RegressionMethod::eigen) {
        parts.push_back({"eigenvectors and ScaLAPACK's work", 3.0 * matrix});
      }
    }
    // Of a product along the tree: columns, products, and a sum a level.
    constexpr double levels = 12.0;
    parts.push_back(
        {"right-hand sides and sums", levels * 8.0 * static_cast<double>(n_ * outputs) +
                                          4.0 * 8.0 * static_cast<double>(block * block)});
    if (loading_peak > bytes_of(parts)) {
      parts.push_back({"more while the data are loaded", loading_peak - bytes_of(parts)});
    }
    estimate_.memory = std::move(parts);
  }

  [[nodiscard]] bool is_costly() const {
    const auto& numbers = plan_.chosen.kernel.numbers();
    return std::holds_alternative<ConvolutionalKernel>(numbers) ||
           std::holds_alternative<ConvolutionalNetKernel>(numbers);
  }

  void add_disk() {
    const std::int64_t block = choose_block(n_);
    const auto side = [](std::int64_t size, std::int64_t of) {
      const std::int64_t whole = (size + of - 1) / of * of;
      return static_cast<double>(whole);
    };
    if (plan_.chosen.keeps_matrix(n_)) {
      const double padded = side(n_, block);
      estimate_.disk.push_back(
          {prefix_ + "gram.h5", padded * padded * static_cast<double>(element_)});
      if (is_costly()) {
        estimate_.disk.push_back(
            {prefix_ + "cross.h5", side(test_, block) * padded * static_cast<double>(element_)});
      }
    }
    const auto outputs = static_cast<double>(classes_) *
                         (1.0 + static_cast<double>(plan_.chosen.regression.times.size()));
    const auto of_tests = static_cast<double>(test_ - std::min(test_, large_.samples));
    estimate_.disk.push_back(
        {prefix_ + "study.h5", large_.record_bytes + 8.0 * of_tests * (outputs + 1.0)});
  }

  const KernelSpec& plan_;
  std::string prefix_;
  PlanRequest& request_;
  StudyEstimate estimate_;
  std::int64_t n_ = 0;
  std::int64_t test_ = 0;
  std::int64_t classes_ = 0;
  std::int64_t element_ = 8;
  double sample_bytes_ = 0.0;
  RegressionRehearsal small_;
  RegressionRehearsal large_;
};

}  // namespace

StudyEstimate estimate_kernel(const Settings& settings, const StudyHeader& header,
                              PlanRequest& request) {
  std::vector<std::pair<std::string, KernelSpec>> plans;
  collectively(request.context.world, [&] {
    if (settings.tables("run").empty()) {
      plans.emplace_back("", read_kernel_spec(settings, header));
    }
    for (const auto& [name, merged] : compared_kernels(settings)) {
      plans.emplace_back(name + ": ", read_kernel_spec(merged, header));
    }
    settings.reject_unknown();
  });
  StudyEstimate all;
  auto left = static_cast<double>(plans.size());
  for (const auto& [prefix, plan] : plans) {
    const double seconds = std::max(0.0, request.left_s()) / left;
    left -= 1.0;
    all.add(KernelEstimate(plan, prefix, request).make(seconds));
  }
  return all;
}

}  // namespace thalweg
