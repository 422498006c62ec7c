// Cholesky factorisation and products with a fully connected NTK computed anew, as in regression in
// mixed precision: seconds, flops and the share of what sgemm reaches on all ranks at once.
//   mpirun -n P bench_regression [FOLDER_OF_MNIST [n [depth]]]
// One line of JSON. Without a folder (or "-") the built-in glyphs are used. The residual of the
// solution stands in it, so that no timing goes without a right answer.
#include "kernels/regression.hpp"

#include <cblas.h>
#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/aligned.hpp"
#include "base/blas_setup.hpp"
#include "base/clock.hpp"
#include "kernels/fully_connected_tiles.hpp"
#include "kernels/kernel_product.hpp"

namespace {

using thalweg::AlignedVector;
using thalweg::Communicator;
using thalweg::Stopwatch;

/// Flops a second of one rank's sgemm, all ranks at work at once; the slowest rank's best of three.
double concurrent_sgemm_rate(const Communicator& comm) {
  constexpr int n = 2048;
  AlignedVector<float> a(static_cast<std::size_t>(n) * n, 0.0F);
  AlignedVector<float> c(a.size(), 0.0F);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = 1.0F / static_cast<float>(1 + i % 97);
  double best_s = 1e30;
  for (int repetition = -1; repetition < 3; ++repetition) {
    comm.barrier();
    const Stopwatch watch;
    cblas_sgemm(CblasColMajor, CblasTrans, CblasNoTrans, n, n, n, 1.0F, a.data(), n, a.data(), n,
                0.0F, c.data(), n);
    if (repetition >= 0) best_s = std::min(best_s, watch.elapsed_s());
  }
  return 2.0 * n * n * n / comm.max(best_s);
}

int run(int argc, char** argv) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const std::string folder = argc > 1 ? argv[1] : "-";
  thalweg::DataOptions options;
  if (folder != "-") {
    options.source = "idx";
    options.path = folder;
  }
  options.train = argc > 2 ? std::atoll(argv[2]) : 10000;
  options.test = 1000;
  options.preprocess = {"unit_norm"};
  thalweg::FullyConnectedKernel numbers;
  numbers.input_scaling = false;
  numbers.depth = argc > 3 ? std::atoll(argv[3]) : 3;
  const auto data = thalweg::load_data<double>(options, comm, comm);
  const auto rough = thalweg::load_data<float>(options, comm, comm);
  const std::int64_t n = data.train.size();

  const double before = concurrent_sgemm_rate(comm);
  const auto result = thalweg::mixed_kernel_regression(
      comm, rough, thalweg::FullyConnected<float>(numbers), data,
      thalweg::FullyConnected<double>(numbers), thalweg::Ridge{1e-6, true}, std::nullopt,
      thalweg::WorkControl{});
  const double rate = std::max(before, concurrent_sgemm_rate(comm));

  const thalweg::Samples<double> samples{data.train.all_rows(), data.train.shape()};
  const auto tiles =
      thalweg::FullyConnected<double>(numbers).between(comm, samples, samples, result.block);
  std::vector<double> in(static_cast<std::size_t>(n * result.classes), 1.0);
  std::vector<double> out(in.size());
  comm.barrier();
  const Stopwatch watch;
  thalweg::multiply_by_tiles(comm, *tiles, std::span<const double>(in), std::span<double>(out));
  const double apply_s = comm.max(watch.elapsed_s());

  const double order = static_cast<double>(n);
  const double flops = order * order * order / 3.0;
  const double ceiling_s = flops / (rate * comm.size());
  const bool correct = result.converged && result.residual < 1e-10;
  if (comm.is_root()) {
    fmt::print(
        "{{\"benchmark\": \"regression\", \"ranks\": {}, \"n\": {}, \"depth\": {}, \"block\": {}, "
        "\"data\": \"{}\", \"assemble_s\": {}, \"factor_s\": {}, \"factor_flops\": {}, "
        "\"sgemm_flops_per_s\": {}, \"ceiling_s\": {}, \"share_of_ceiling\": {}, \"apply_s\": {}, "
        "\"iterations\": {}, \"solve_s\": {}, \"predict_s\": {}, \"shift\": {}, \"residual\": {}, "
        "\"test_accuracy\": {}, \"correct\": {}, \"blas_core\": \"{}\"}}\n",
        comm.size(), n, numbers.depth, result.block, options.source, result.assemble_s,
        result.factor_s, flops, rate, ceiling_s, ceiling_s / result.factor_s, apply_s,
        result.iterations, result.solve_s, result.predict_s, result.preconditioner_shift,
        result.residual, result.test_accuracy, correct, thalweg::blas_core());
  }
  return correct ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  thalweg::use_one_blas_thread();
  const int code = run(argc, argv);
  MPI_Finalize();
  return code;
}
