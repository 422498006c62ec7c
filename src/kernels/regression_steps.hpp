#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "kernels/kernel_product.hpp"
#include "kernels/regression.hpp"
#include "linalg/conjugate_gradient.hpp"

namespace thalweg {

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

/// The blocks of a kernel that a regression reads; all it sees of kernel and samples.
template <class Real>
struct KernelBlocks {
  std::unique_ptr<KernelTiles<Real>> train;       ///< train × train, symmetric
  std::unique_ptr<KernelTiles<Real>> test;        ///< test × train
  std::unique_ptr<KernelTiles<Real>> test_alone;  ///< test × test; absent unless asked for
};

/// Collective over comm. From kernel and samples, which must outlive them.
template <class Real>
KernelBlocks<Real> kernel_blocks(const Communicator& comm, const Kernel<Real>& kernel,
                                 const DataSet<Real>& data, std::int64_t block,
                                 bool test_alone = false) {
  const Samples<Real> train{data.train.all_rows(), data.train.shape()};
  const Samples<Real> test{data.test.all_rows(), data.test.shape()};
  KernelBlocks<Real> blocks{kernel.between(comm, train, train, block),
                            kernel.between(comm, test, train, block), nullptr};
  if (test_alone) blocks.test_alone = kernel.between(comm, test, test, block);
  return blocks;
}

/// The part of a result that the data alone decide. Local.
template <class Real>
KernelResult empty_result(const DataSet<Real>& data) {
  KernelResult result;
  result.train = data.train.size();
  result.test = data.test.size();
  result.classes = data.train.classes();
  result.block = choose_block(result.train);
  const auto labels = data.test.labels();
  result.labels.assign(labels.begin(), labels.end());
  return result;
}

/// Collective over the matrix's grid. Assembles K, through gram.h5 where it is kept; false when
/// stopped.
template <class Real>
bool assemble_kept(const KernelTiles<Real>& tiles, DistributedMatrix<Real>& gram,
                   const std::string& description, std::uint64_t data_hash,
                   const std::optional<GramKeeping>& keeping, const WorkControl& control);

/// λ for a ridge value. Local.
[[nodiscard]] double lambda_of(const Ridge& ridge, double trace, std::int64_t n);

/// Collective as `product` is. ‖(K + λI)α − Y‖_F / ‖Y‖_F; 0 where Y = 0 and α = 0.
[[nodiscard]] double solve_residual(const ColumnOperator& product, double lambda,
                                    std::span<const double> solution,
                                    std::span<const double> targets);

/// Local. Warns of an iteration that did not converge.
void warn_if_open(const KernelResult& result, const Log& log);

/// Local. `product` plus λ times its argument.
[[nodiscard]] ColumnOperator shifted(const ColumnOperator& product, double lambda);

}  // namespace thalweg
