#include "kernels/regression_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/error.hpp"
#include "kernels/samples_hash.hpp"

namespace thalweg {

template <class Real>
bool assemble_kept(const Kernel<Real>& kernel, const Samples<Real>& train,
                   const KernelTiles<Real>& tiles, DistributedMatrix<Real>& gram,
                   const std::optional<GramKeeping>& keeping, const WorkControl& control,
                   AssemblyBalance& balance) {
  const Communicator& comm = gram.grid().comm();
  std::unique_ptr<GramStore> store;
  if (keeping) {
    collectively(comm, [&] {
      if (comm.is_root() && keeping->reuse && !std::filesystem::exists(keeping->path)) {
        throw ConfigurationError(keeping->path +
                                 ": no such file; a Gram matrix to be reused must be complete");
      }
    });
    const GramIdentity identity =
        identity_of(tiles, kernel.description(), samples_hash(comm, train, train));
    store = std::make_unique<GramStore>(comm, keeping->path, identity, keeping->provenance,
                                        keeping->resume || keeping->reuse);
  }
  if (!assemble_gram(tiles, gram, store.get(), control, &balance)) return false;
  if (store) store->seal();
  return true;
}

template <class Real>
bool keep_test_block(const Communicator& comm, const Kernel<Real>& kernel,
                     const DataSet<Real>& data, const std::optional<GramKeeping>& keeping,
                     const WorkControl& control, KernelBlocks<Real>& blocks) {
  if (!keeping || keeping->cross_path.empty() || !costly(*blocks.test)) return true;
  blocks.stored_test = std::make_unique<StoredKernel<Real>>(
      comm, kernel, samples_of(data.test), samples_of(data.train), blocks.test->block(),
      keeping->cross_path, keeping->provenance, keeping->resume, control);
  return blocks.stored_test->complete();
}

void require_kernel(double trace) {
  if (!std::isfinite(trace)) {
    throw Error(fmt::format(
        "K is not finite (its trace is {}): the kernel's numbers or the samples are too large",
        trace));
  }
  if (trace == 0.0) {
    throw Error(
        "K is zero: all samples are zero, or no layer of the network is trained; there is nothing "
        "to solve");
  }
}

void require_finite(const KernelResult& result) {
  const KernelTrajectory& path = result.trajectory;
  const auto finite = [](const std::vector<double>& values) {
    return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
  };
  if (!std::isfinite(result.residual) || !finite(result.predictions)) {
    throw Error(fmt::format(
        "the regression is not finite (residual {}): the kernel's numbers or the samples are too "
        "large",
        result.residual));
  }
  if (!finite(path.train_loss) || !finite(path.predictions) || !finite(path.variance)) {
    throw Error("the predicted training is not finite");
  }
}

double lambda_of(const Ridge& ridge, double trace, std::int64_t n) {
  return ridge.relative ? ridge.value * trace / static_cast<double>(n) : ridge.value;
}

void warn_if_open(const KernelResult& result, const Log& log, const std::string& diagnosis) {
  if (result.converged) return;
  log.warn(fmt::format(
      "conjugate gradient did not reach its tolerance in {} iterations: the residual of the best "
      "solution is {:.2e}; {}",
      result.iterations, result.residual,
      diagnosis.empty() ? "raise max_iterations, the preconditioner's rank or the ridge"
                        : diagnosis));
}

ColumnOperator shifted(const ColumnOperator& product, double lambda) {
  return [&product, lambda](std::span<const double> in, std::span<double> out) {
    product(in, out);
    for (std::size_t i = 0; i < in.size(); ++i) out[i] += lambda * in[i];
  };
}

double solve_residual(const ColumnOperator& product, double lambda,
                      std::span<const double> solution, std::span<const double> targets) {
  std::vector<double> values(targets.size());
  shifted(product, lambda)(solution, values);
  double error = 0.0;
  double size = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double difference = values[i] - targets[i];
    error += difference * difference;
    size += targets[i] * targets[i];
  }
  return size > 0.0 ? std::sqrt(error / size) : std::sqrt(error);
}

#define THALWEG_INSTANTIATE(Real)                                                                  \
  template bool assemble_kept(const Kernel<Real>&, const Samples<Real>&, const KernelTiles<Real>&, \
                              DistributedMatrix<Real>&, const std::optional<GramKeeping>&,         \
                              const WorkControl&, AssemblyBalance&);                               \
  template bool keep_test_block(const Communicator&, const Kernel<Real>&, const DataSet<Real>&,    \
                                const std::optional<GramKeeping>&, const WorkControl&,             \
                                KernelBlocks<Real>&);
THALWEG_INSTANTIATE(float)
THALWEG_INSTANTIATE(double)
#undef THALWEG_INSTANTIATE

}  // namespace thalweg
