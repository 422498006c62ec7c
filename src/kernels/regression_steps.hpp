#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "kernels/kernel_product.hpp"
#include "kernels/regression.hpp"
#include "kernels/stored_kernel.hpp"
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
  /// What test_tiles() reads where the test block is kept in a file.
  std::unique_ptr<StoredKernel<Real>> stored_test;

  [[nodiscard]] const KernelTiles<Real>& test_tiles() const {
    return stored_test ? stored_test->tiles() : *test;
  }
};

template <class Real>
[[nodiscard]] Samples<Real> samples_of(const DataSplit<Real>& split) {
  return {split.all_rows(), split.shape()};
}

/// Collective over comm. From kernel and samples, which must outlive them.
template <class Real>
KernelBlocks<Real> kernel_blocks(const Communicator& comm, const Kernel<Real>& kernel,
                                 const DataSet<Real>& data, std::int64_t block,
                                 bool test_alone = false) {
  const Samples<Real> train = samples_of(data.train);
  const Samples<Real> test = samples_of(data.test);
  KernelBlocks<Real> blocks{kernel.between(comm, train, train, block),
                            kernel.between(comm, test, train, block), nullptr, nullptr};
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

/// Collective over the matrix's grid. Assembles K of the training samples, through its file where
/// it is kept; false when stopped. Throws ReportedError where a matrix to be reused is not there or
/// of another kernel or other samples.
template <class Real>
bool assemble_kept(const Kernel<Real>& kernel, const Samples<Real>& train,
                   const KernelTiles<Real>& tiles, DistributedMatrix<Real>& gram,
                   const std::optional<GramKeeping>& keeping, const WorkControl& control,
                   AssemblyBalance& balance);

/// Collective over comm. Of a costly kernel that is kept, the test × train block takes the way
/// through its file too: `blocks.test` becomes what is stored, in `kept`. False when stopped.
template <class Real>
bool keep_test_block(const Communicator& comm, const Kernel<Real>& kernel,
                     const DataSet<Real>& data, const std::optional<GramKeeping>& keeping,
                     const WorkControl& control, KernelBlocks<Real>& blocks);

/// Throws Error where the trace says that K is not finite, or zero: then there is nothing to solve.
/// Local; the same on every rank.
void require_kernel(double trace);

/// Throws Error where a number of the result is not finite. Local; the same on every rank.
void require_finite(const KernelResult& result);

/// λ for a ridge value. Local.
[[nodiscard]] double lambda_of(const Ridge& ridge, double trace, std::int64_t n);

/// Collective as `product` is. ‖(K + λI)α − Y‖_F / ‖Y‖_F; 0 where Y = 0 and α = 0.
[[nodiscard]] double solve_residual(const ColumnOperator& product, double lambda,
                                    std::span<const double> solution,
                                    std::span<const double> targets);

/// Local. Warns of an iteration that did not converge, and of what a `diagnosis` says of K + λI.
void warn_if_open(const KernelResult& result, const Log& log, const std::string& diagnosis = {});

/// Local. `product` plus λ times its argument.
[[nodiscard]] ColumnOperator shifted(const ColumnOperator& product, double lambda);

}  // namespace thalweg
