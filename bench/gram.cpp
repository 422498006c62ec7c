// Gram matrix of a fully connected NTK: seconds, flops, bytes and the share of what the cores can
// do.
//   mpirun -n P bench_gram [FOLDER_OF_MNIST [n [depth [repetitions [float32]]]]]
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
#include "measure.hpp"

namespace {

using thalweg::AlignedVector;
using thalweg::Communicator;
using thalweg::Stopwatch;
using thalweg::bench::median;

void gemm(int n, const double* a, const double* b, double* c) {
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, n, n, n, 1.0, a, n, b, n, 0.0, c, n);
}
void gemm(int n, const float* a, const float* b, float* c) {
  cblas_sgemm(CblasColMajor, CblasTrans, CblasNoTrans, n, n, n, 1.0F, a, n, b, n, 0.0F, c, n);
}

/// Flops a second of one rank's GEMM, all ranks at work at once; the slowest rank's best of three.
template <class Real>
double concurrent_gemm_rate(const Communicator& comm) {
  constexpr int n = 2048;
  AlignedVector<Real> a(static_cast<std::size_t>(n) * n, Real{0});
  AlignedVector<Real> b(a.size(), Real{0});
  AlignedVector<Real> c(a.size(), Real{0});
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = b[i] = Real{1} / static_cast<Real>(1 + i % 97);
  double best_s = 1e30;
  for (int repetition = -1; repetition < 3; ++repetition) {
    comm.barrier();
    const Stopwatch watch;
    gemm(n, a.data(), b.data(), c.data());
    if (repetition >= 0) best_s = std::min(best_s, watch.elapsed_s());
  }
  return 2.0 * n * n * n / comm.max(best_s);
}

/// Seconds of one vectorised atan2 of an element in the first-level cache; the slowest rank's best.
template <class Real>
double concurrent_atan2_time(const Communicator& comm) {
  constexpr int n = 256;
  constexpr int rounds = 20000;
  alignas(64) static Real s[n];
  alignas(64) static Real c[n];
  alignas(64) static Real angle[n];
  for (int i = 0; i < n; ++i) {
    s[i] = static_cast<Real>(std::sin(0.006 * i));
    c[i] = static_cast<Real>(std::cos(0.006 * i));
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

/// Seconds to copy a tile from the cache over `matrix`, tile by tile, as assembly does: what its
/// output costs at least. The slowest rank's.
template <class Real>
double streaming_time(const Communicator& comm, thalweg::DistributedMatrix<Real>& matrix) {
  const AlignedVector<Real> tile(static_cast<std::size_t>(matrix.block() * matrix.block()),
                                 Real{1});
  comm.barrier();
  const Stopwatch watch;
  for (const thalweg::TilePlace place : thalweg::my_upper_tiles(matrix)) {
    const std::int64_t rows = std::min(matrix.block(), matrix.rows() - place.row * matrix.block());
    const std::int64_t columns =
        std::min(matrix.block(), matrix.columns() - place.column * matrix.block());
    const std::int64_t row = matrix.row_axis().to_local(place.row * matrix.block());
    const std::int64_t column = matrix.column_axis().to_local(place.column * matrix.block());
    for (std::int64_t j = 0; j < columns; ++j) {
      std::copy_n(tile.data() + j * matrix.block(), rows, &matrix.local(row, column + j));
    }
  }
  return comm.max(watch.elapsed_s());
}

struct Options {
  thalweg::DataOptions data;
  thalweg::FullyConnectedKernel kernel;
  int repetitions = 5;
};

template <class Real>
int run(const Communicator& comm, const Options& options) {
  const thalweg::FullyConnectedKernel& kernel = options.kernel;
  const auto data = thalweg::load_data<Real>(options.data, comm, comm);
  const std::int64_t n = data.train.size();
  const std::int64_t features = data.train.features();
  const std::int64_t block = thalweg::choose_block(n);
  const thalweg::ProcessGrid grid = thalweg::tall_grid(comm);
  thalweg::DistributedMatrix<Real> gram(grid, n, n, block);
  const thalweg::Samples<Real> samples{data.train.all_rows(), data.train.shape()};
  const double pairs = 0.5 * static_cast<double>(n) * static_cast<double>(n + 1);
  const double gemm_flops = 2.0 * pairs * static_cast<double>(features);
  std::vector<double> times_s;
  std::vector<double> rates;
  std::vector<double> ratios;
  std::vector<double> shares;
  thalweg::AssemblyBalance balance;
  double stream_s = 0.0;
  double atan2_s = 0.0;
  for (int repetition = -1; repetition < options.repetitions; ++repetition) {
    const double elapsed_s = thalweg::bench::time_once(comm, [&] {
      const thalweg::FullyConnectedTiles<Real> tiles(comm, kernel, samples, samples, block);
      thalweg::assemble_gram<Real>(tiles, gram, nullptr, thalweg::WorkControl{}, &balance);
    });
    if (repetition < 0) continue;
    // The ceiling of this very moment: machines are shared.
    const double rate = concurrent_gemm_rate<Real>(comm);
    atan2_s = concurrent_atan2_time<Real>(comm);
    thalweg::DistributedMatrix<Real> other(grid, n, n, block);
    streaming_time(comm, other);  // touches its pages
    stream_s = streaming_time(comm, other);
    const double gemm_s = gemm_flops / rate / comm.size();
    times_s.push_back(elapsed_s);
    rates.push_back(rate);
    ratios.push_back(elapsed_s / (gemm_s + stream_s));
    shares.push_back((gemm_s + pairs * static_cast<double>(kernel.depth) * atan2_s / comm.size()) /
                     elapsed_s);
  }
  // Unit-norm inputs in the unscaled convention: every diagonal element is depth + 1.
  const double mean_diagonal = gram.trace() / static_cast<double>(n);
  const double expected = static_cast<double>(kernel.depth + 1);
  const bool correct =
      std::abs(mean_diagonal / expected - 1.0) < (sizeof(Real) == 8 ? 1e-12 : 1e-5);
  std::string times;
  for (const double time_s : times_s)
    times += (times.empty() ? "" : ", ") + fmt::format("{}", time_s);
  if (comm.is_root()) {
    fmt::print(
        "{{\"benchmark\": \"gram\", \"ranks\": {}, \"n\": {}, \"features\": {}, \"depth\": {}, "
        "\"element_bytes\": {}, \"block\": {}, \"data\": \"{}\", \"median_s\": {}, \"times_s\": "
        "[{}], "
        "\"gemm_flops\": {}, \"matrix_bytes\": {}, \"gemm_flops_per_s\": {}, \"atan2_s\": {}, "
        "\"stream_s\": {}, \"share_of_gemm_and_atan2\": {}, \"times_gemm_and_stream\": {}, "
        "\"imbalance_owned\": {}, \"imbalance_planned\": {}, \"imbalance_measured\": {}, "
        "\"mean_diagonal\": {}, \"correct\": {}, \"blas_core\": \"{}\"}}\n",
        comm.size(), n, features, kernel.depth, sizeof(Real), block, options.data.source,
        median(times_s), times, gemm_flops, static_cast<std::int64_t>(sizeof(Real)) * n * n,
        median(rates), atan2_s, stream_s, median(shares), median(ratios), balance.owners,
        balance.workers, balance.busy_longest_s / balance.busy_mean_s, mean_diagonal, correct,
        thalweg::blas_core());
  }
  return correct ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  thalweg::use_one_blas_thread();
  int code = 0;
  {
    const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
    Options options;
    const std::string folder = argc > 1 ? argv[1] : "-";
    if (folder != "-") {
      options.data.source = "idx";
      options.data.path = folder;
    }
    options.data.train = argc > 2 ? std::atoll(argv[2]) : 10000;
    options.data.test = 100;
    options.data.preprocess = {"unit_norm"};
    options.kernel.input_scaling = false;
    options.kernel.depth = argc > 3 ? std::atoll(argv[3]) : 3;
    options.repetitions = argc > 4 ? std::atoi(argv[4]) : 5;
    const bool single = argc > 5 && std::string(argv[5]) == "float32";
    code = single ? run<float>(comm, options) : run<double>(comm, options);
  }
  MPI_Finalize();
  return code;
}
