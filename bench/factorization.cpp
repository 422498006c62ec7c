// Steps of gradient descent on deep matrix factorisations in float32, beside the machine's ceiling:
// as many processes as ranks running sgemm at the same time, interleaved with the steps.
//
//   mpirun -n 1 build/bench/bench_factorization [repetitions] [rows columns depth observed]
//
// Flops of a step with inner size h: rows·columns·h for each of three products of the last factor,
// rows·h² for each of three of the others, of the first one less, twice each. One JSON line.
#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "base/blas_setup.hpp"
#include "base/philox.hpp"
#include "linalg/gemm.hpp"
#include "measure.hpp"
#include "objectives/factors/matrix_factorization.hpp"
#include "objectives/factors/sparse_factorization.hpp"
#include "optimizers/first_order/descent.hpp"

namespace {

using namespace thalweg;  // a program of one file

MatrixEntries some_entries(std::int64_t rows, std::int64_t columns, std::int64_t count) {
  std::vector<std::int64_t> places(static_cast<std::size_t>(rows * columns));
  std::iota(places.begin(), places.end(), 0);
  Stream stream(1, Purpose::test, 0);
  shuffle(places, stream);
  places.resize(static_cast<std::size_t>(count));
  std::sort(places.begin(), places.end());
  MatrixEntries entries;
  for (const auto place : places) entries.add(place / columns, place % columns, stream.normal());
  return entries;
}

double step_flops(const FactorChain& chain) {
  const auto product = [](std::int64_t a, std::int64_t b, std::int64_t c) {
    return 2.0 * static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c);
  };
  double flops = 0.0;
  for (int j = 2; j <= chain.depth(); ++j) {
    flops += 3.0 * product(chain.rows(), chain.size(j - 1), chain.size(j));
  }
  return flops;
}

template <class Loss>
void measure(const Communicator& world, const char* name, const FactorChain& chain,
             MatrixEntries entries, double flops, int repetitions) {
  Loss objective(world, chain, std::move(entries), ResidualLoss{});
  const VectorSpace& space = objective.space();
  const auto descent = make_descent<float>(0.0, false, 0.0, space.slice().size());
  std::vector<float> w(static_cast<std::size_t>(space.dimension()));
  Stream stream(1, Purpose::test, 1);
  for (auto& value : w) value = static_cast<float>(0.01 * stream.normal());
  AlignedVector<float> gradient(static_cast<std::size_t>(space.slice().size()));
  const auto step = [&] {
    objective.gradient(w, {}, gradient);
    descent->step(space.slice_of(std::span(w)), gradient, 0.01);
    space.gather_in_place(std::span(w));
  };
  constexpr std::int64_t n = 2048;
  std::vector<float> a(n * n, 0.5F);
  std::vector<float> b(n * n, 0.25F);
  std::vector<float> c(n * n);
  const auto ceiling = [&] {
    gemm(false, false, n, n, n, 1.0F, a.data(), b.data(), 0.0F, c.data());
  };
  const int steps = static_cast<int>(std::clamp(2e9 / flops, 3.0, 2000.0));
  step();
  ceiling();
  std::vector<double> of_steps;
  std::vector<double> ceilings;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    ceilings.push_back(bench::time_once(world, ceiling));
    of_steps.push_back(bench::time_once(world,
                                        [&] {
                                          for (int i = 0; i < steps; ++i) step();
                                        }) /
                       steps);
  }
  const double seconds = bench::median(of_steps);
  const double peak = 2.0 * static_cast<double>(n * n) * static_cast<double>(n) * world.size() /
                      bench::median(ceilings);
  if (!world.is_root()) return;
  fmt::print(
      "{{\"bench\": \"{}\", \"ranks\": {}, \"rows\": {}, \"columns\": {}, \"depth\": {}, "
      "\"step_us\": {:.1f}, \"gflop_per_s\": {:.1f}, \"ceiling_gflop_per_s\": {:.1f}, "
      "\"share_of_ceiling\": {:.3f}, \"blas_core\": \"{}\", \"repetitions\": {}}}\n",
      name, world.size(), chain.rows(), chain.columns(), chain.depth(), seconds * 1e6,
      flops / seconds * 1e-9, peak * 1e-9, flops / seconds / peak, blas_core(), repetitions);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  thalweg::use_one_blas_thread();
  {
    const auto world = Communicator::duplicate(MPI_COMM_WORLD);
    const int repetitions = argc > 1 ? std::atoi(argv[1]) : 15;
    const bool given = argc > 5;
    const FactorChain chain(given ? std::atoll(argv[2]) : 100, given ? std::atoll(argv[3]) : 100,
                            given ? std::atoi(argv[4]) : 3);
    const std::int64_t observed = given ? std::atoll(argv[5]) : 2000;
    auto entries = some_entries(chain.rows(), chain.columns(), observed);
    const double flops = step_flops(chain);
    measure<MatrixFactorization<float>>(world, "dense", chain, entries, flops, repetitions);
    const auto inner = static_cast<double>(chain.size(chain.depth() - 1));
    const double sparse_flops = flops - 6.0 * inner *
                                            (static_cast<double>(chain.rows() * chain.columns()) -
                                             static_cast<double>(observed));
    measure<SparseFactorization<float>>(world, "sparse", chain, entries, sparse_flops, repetitions);
  }
  MPI_Finalize();
  return 0;
}
