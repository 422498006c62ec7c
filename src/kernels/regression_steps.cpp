#include "kernels/regression_steps.hpp"

#include <fmt/format.h>

#include <cmath>

namespace thalweg {

template <class Real>
bool assemble_kept(const KernelTiles<Real>& tiles, DistributedMatrix<Real>& gram,
                   const std::string& description, std::uint64_t data_hash,
                   const std::optional<GramKeeping>& keeping, const WorkControl& control) {
  std::unique_ptr<GramStore> store;
  if (keeping) {
    const GramIdentity identity = identity_of(tiles, description, data_hash);
    store = std::make_unique<GramStore>(gram.grid().comm(), keeping->path, identity,
                                        keeping->provenance, keeping->resume);
  }
  if (!assemble_gram(tiles, gram, store.get(), control)) return false;
  if (store) store->seal();
  return true;
}

double lambda_of(const Ridge& ridge, double trace, std::int64_t n) {
  return ridge.relative ? ridge.value * trace / static_cast<double>(n) : ridge.value;
}

void warn_if_open(const KernelResult& result, const Log& log) {
  if (result.converged) return;
  log.warn(
      fmt::format("conjugate gradient did not reach its tolerance in {} iterations: the residual "
                  "of the solution "
                  "is {:.2e}; raise max_iterations, the preconditioner's rank or the ridge",
                  result.iterations, result.residual));
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

template bool assemble_kept(const KernelTiles<float>&, DistributedMatrix<float>&,
                            const std::string&, std::uint64_t, const std::optional<GramKeeping>&,
                            const WorkControl&);
template bool assemble_kept(const KernelTiles<double>&, DistributedMatrix<double>&,
                            const std::string&, std::uint64_t, const std::optional<GramKeeping>&,
                            const WorkControl&);

}  // namespace thalweg
