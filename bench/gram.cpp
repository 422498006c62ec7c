// Gram matrix of a fully connected NTK: seconds, flops, bytes and the share of what the cores can
// do.
//   mpirun -n P bench_gram [FOLDER_OF_MNIST [n [depth [repetitions]]]]
// One line of JSON. Without a folder (or "-") the built-in glyphs are used. Every repetition's time
// stands in it; the trace is checked against its closed form, so that no timing goes without a
// right answer.
#include "kernels/gram.hpp"

#include <cblas.h>
#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/aligned.hpp"
#include "base/blas_setup.hpp"
#include "base/clock.hpp"
#include "data/data_set.hpp"
#include "kernels/arctangent.hpp"
#include "kernels/fully_connected_tiles.hpp"
#include "linalg/factorization.hpp"

namespace {

using thalweg::AlignedVector;
using thalweg::Communicator;
using thalweg::Stopwatch;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 != 0 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
}

/// Flops a second of one rank's dgemm, all ranks at work at once; the slowest rank's best of three.
double concurrent_dgemm_rate(const Communicator& comm) {
  constexpr int n = 2048;
  AlignedVector<double> a(static_cast<std::size_t>(n) * n, 0.0);
  AlignedVector<double> b(a.size(), 0.0);
  AlignedVector<double> c(a.size(), 0.0);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = b[i] = 1.0 / static_cast<double>(1 + i % 97);
  double best_s = 1e30;
  for (int repetition = -1; repetition < 3; ++repetition) {
    comm.barrier();
    const Stopwatch watch;
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, n, n, n, 1.0, a.data(), n, b.data(), n,
                0.0, c.data(), n);
    if (repetition >= 0) best_s = std::min(best_s, watch.elapsed_s());
  }
  return 2.0 * n * n * n / comm.max(best_s);
}

/// Seconds of one vectorised atan2 of an element in the first-level cache; the slowest rank's best.
double concurrent_atan2_time(const Communicator& comm) {
  constexpr int n = 256;
  constexpr int rounds = 20000;
  alignas(64) static double s[n];
  alignas(64) static double c[n];
  alignas(64) static double angle[n];
  for (int i = 0; i < n; ++i) {
    s[i] = std::sin(0.006 * i);
    c[i] = std::cos(0.006 * i);
  }
  double best_s = 1e30;
  for (int repetition = -1; repetition < 3; ++repetition) {
    comm.barrier();
    const Stopwatch watch;
    for (int round = 0; round < rounds; ++round) {
#pragma omp simd
      for (int i = 0; i < n; ++i) angle[i] = thalweg::first_quadrant_angle(s[i], c[i]);
      asm volatile("" : : "r"(angle) : "memory");  // every round counts
    }
    if (repetition >= 0) best_s = std::min(best_s, watch.elapsed_s());
  }
  return comm.max(best_s) / n / rounds;
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
  options.test = 100;
  options.preprocess = {"unit_norm"};
  const int repetitions = argc > 4 ? std::atoi(argv[4]) : 5;
  thalweg::FullyConnectedKernel kernel;
  kernel.input_scaling = false;
  kernel.depth = argc > 3 ? std::atoll(argv[3]) : 3;

  const auto data = thalweg::load_data<double>(options, comm, comm);
  const std::int64_t n = data.train.size();
  const std::int64_t features = data.train.features();
  const std::int64_t block = thalweg::choose_block(n);
  const thalweg::ProcessGrid grid = thalweg::tall_grid(comm);
  thalweg::DistributedMatrix<double> gram(grid, n, n, block);
  std::vector<double> times_s;
  for (int repetition = -1; repetition < repetitions; ++repetition) {
    comm.barrier();
    const Stopwatch watch;
    const thalweg::Samples<double> samples{data.train.all_rows(), data.train.shape()};
    const thalweg::FullyConnectedTiles<double> tiles(comm, kernel, samples, samples, block);
    thalweg::assemble_gram<double>(tiles, gram, nullptr, thalweg::WorkControl{});
    const double elapsed_s = comm.max(watch.elapsed_s());
    if (repetition >= 0) times_s.push_back(elapsed_s);
  }
  // Unit-norm inputs in the unscaled convention: every diagonal element is depth + 1.
  const double mean_diagonal = gram.trace() / static_cast<double>(n);
  const bool correct = std::abs(mean_diagonal - static_cast<double>(kernel.depth + 1)) < 1e-12;

  const double rate = concurrent_dgemm_rate(comm);
  const double atan2_s = concurrent_atan2_time(comm);
  const double pairs = 0.5 * static_cast<double>(n) * static_cast<double>(n + 1);
  const double gemm_flops = 2.0 * pairs * static_cast<double>(features);
  const double ceiling_s =
      (gemm_flops / rate + pairs * static_cast<double>(kernel.depth) * atan2_s) / comm.size();
  std::string times;
  for (const double time_s : times_s)
    times += (times.empty() ? "" : ", ") + fmt::format("{}", time_s);
  if (comm.is_root()) {
    fmt::print(
        "{{\"benchmark\": \"gram\", \"ranks\": {}, \"n\": {}, \"features\": {}, \"depth\": {}, "
        "\"block\": "
        "{}, \"data\": \"{}\", \"median_s\": {}, \"times_s\": [{}], \"gemm_flops\": {}, "
        "\"matrix_bytes\": "
        "{}, \"dgemm_flops_per_s\": {}, \"atan2_s\": {}, \"ceiling_s\": {}, \"share_of_ceiling\": "
        "{}, "
        "\"mean_diagonal\": {}, \"correct\": {}, \"blas_core\": \"{}\"}}\n",
        comm.size(), n, features, kernel.depth, block, options.source, median(times_s), times,
        gemm_flops, 8 * n * n, rate, atan2_s, ceiling_s, ceiling_s / median(times_s), mean_diagonal,
        correct, thalweg::blas_core());
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
