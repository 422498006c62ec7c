#include "kernels/regression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "kernels/memory.hpp"
#include "linalg/factorization.hpp"

namespace thalweg {

namespace {

/// One-hot minus 1/classes, n × classes, column-major.
template <class Real>
std::vector<Real> one_hot_targets(std::span<const std::int32_t> labels, std::int64_t classes) {
  const auto n = static_cast<std::int64_t>(labels.size());
  std::vector<Real> targets(static_cast<std::size_t>(n * classes));
  const double off = -1.0 / static_cast<double>(classes);
  for (std::int64_t c = 0; c < classes; ++c) {
    for (std::int64_t i = 0; i < n; ++i) {
      const bool hit = labels[static_cast<std::size_t>(i)] == c;
      targets[static_cast<std::size_t>(i + c * n)] = static_cast<Real>(hit ? 1.0 + off : off);
    }
  }
  return targets;
}

/// Accuracy (the largest output; of equal ones the first) and mean ½‖f − y‖².
void score(std::span<const std::int32_t> labels, KernelResult& result) {
  const std::int64_t classes = result.classes;
  const double off = -1.0 / static_cast<double>(classes);
  std::int64_t right = 0;
  double loss = 0.0;
  for (std::int64_t i = 0; i < result.test; ++i) {
    const auto begin = result.predictions.begin() + i * classes;
    const std::int64_t label = labels[static_cast<std::size_t>(i)];
    right += std::max_element(begin, begin + classes) - begin == label ? 1 : 0;
    for (std::int64_t c = 0; c < classes; ++c) {
      const double difference = begin[c] - (c == label ? 1.0 + off : off);
      loss += 0.5 * difference * difference;
    }
  }
  result.test_accuracy = static_cast<double>(right) / static_cast<double>(result.test);
  result.test_loss = loss / static_cast<double>(result.test);
}

/// Seconds since the last call, the slowest rank's. Collective.
class Phases {
 public:
  explicit Phases(const Communicator& comm) : comm_(&comm) {}
  double lap() {
    const double mine = watch_.elapsed_s();
    watch_ = Stopwatch();
    return comm_->max(mine);
  }

 private:
  const Communicator* comm_;
  Stopwatch watch_;
};

}  // namespace

std::int64_t regression_bytes(std::int64_t n, std::int64_t classes, int grid_rows, int grid_columns,
                              std::int64_t element_bytes) {
  const std::int64_t block = choose_block(n);
  const std::int64_t matrix = local_bytes(n, n, block, grid_rows, grid_columns, element_bytes);
  const std::int64_t panel = local_bytes(n, block, block, grid_rows, 1, element_bytes) +
                             local_bytes(block, n, block, 1, grid_columns, element_bytes);
  const std::int64_t vectors = n * classes * (4 * element_bytes + 8) + 32 * n * element_bytes;
  return matrix + 2 * panel + vectors + 4 * block * block * element_bytes;
}

template <class Real>
KernelResult kernel_regression(const Communicator& comm, const DataSet<Real>& data,
                               const Kernel<Real>& kernel, const Ridge& ridge,
                               const std::optional<GramKeeping>& keeping,
                               const WorkControl& control) {
  KernelResult result;
  const std::int64_t n = data.train.size();
  const std::int64_t block = choose_block(n);
  result.train = n;
  result.test = data.test.size();
  result.classes = data.train.classes();
  result.block = block;

  const ProcessGrid grid = tall_grid(comm);
  require_memory(comm, "kernel regression", n, [&](std::int64_t size) {
    return regression_bytes(size, result.classes, grid.rows(), grid.columns(), sizeof(Real));
  });
  Phases phases(comm);
  const Samples<Real> train{data.train.all_rows(), data.train.shape()};
  const Samples<Real> test{data.test.all_rows(), data.test.shape()};
  const auto tiles_held = kernel.between(comm, train, train, block);
  const KernelTiles<Real>& tiles = *tiles_held;
  DistributedMatrix<Real> gram(grid, n, n, block);
  {
    std::unique_ptr<GramStore> store;
    if (keeping) {
      const GramIdentity identity = identity_of(tiles, kernel.description(), data.hash);
      store = std::make_unique<GramStore>(comm, keeping->path, identity, keeping->provenance,
                                          keeping->resume);
    }
    if (!assemble_gram(tiles, gram, store.get(), control)) {
      result.interrupted = true;
      return result;
    }
    if (store) store->seal();
  }
  result.assemble_s = phases.lap();

  result.trace = gram.trace();
  result.ridge = ridge.relative ? ridge.value * result.trace / static_cast<double>(n) : ridge.value;
  gram.add_to_diagonal(result.ridge);
  factor_cholesky(gram, Triangle::upper);
  result.factor_s = phases.lap();

  const std::vector<Real> targets = one_hot_targets<Real>(data.train.labels(), result.classes);
  std::vector<Real> solution;
  {
    DistributedMatrix<Real> columns(grid, n, result.classes, block);
    columns.fill([&](std::int64_t i, std::int64_t c) {
      return targets[static_cast<std::size_t>(i + c * n)];
    });
    solve_cholesky(gram, Triangle::upper, columns);
    solution = columns.all_gather();
  }
  result.solve_s = phases.lap();

  result.residual =
      solve_residual<Real>(tiles, gram, result.ridge, solution, targets, result.classes);
  result.residual_s = phases.lap();

  const auto test_tiles = kernel.between(comm, test, train, block);
  result.predictions = predict<Real>(comm, *test_tiles, solution, result.classes);
  const auto labels = data.test.labels();
  result.labels.assign(labels.begin(), labels.end());
  score(labels, result);
  result.predict_s = phases.lap();
  return result;
}

template KernelResult kernel_regression(const Communicator&, const DataSet<float>&,
                                        const Kernel<float>&, const Ridge&,
                                        const std::optional<GramKeeping>&, const WorkControl&);
template KernelResult kernel_regression(const Communicator&, const DataSet<double>&,
                                        const Kernel<double>&, const Ridge&,
                                        const std::optional<GramKeeping>&, const WorkControl&);

}  // namespace thalweg
