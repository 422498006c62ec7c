// Training steps of F1 (784-512x5-10, batch norm; Keskar et al.) beside the machine's ceiling: as
// many processes as ranks running sgemm at the same time, interleaved with the steps in one run.
//
//   mpirun -n 2 build/bench/bench_training [repetitions]
//
// Flops of a step: 3 products of 2·in·out for each weight matrix and image, the first layer's d_in
// left out: 7.9 MFLOP an image. One JSON line a batch size, on stdout.
#include <fmt/format.h>
#include <mpi.h>

#include <cstdio>
#include <cstdlib>
#include <numeric>

#include "base/blas_setup.hpp"
#include "linalg/gemm.hpp"
#include "measure.hpp"
#include "models/mlp.hpp"
#include "objectives/network_loss.hpp"
#include "optimizers/descent.hpp"

namespace {

using namespace thalweg;  // a program of one file

constexpr std::int64_t kSamples = 8192;

double flops_of_an_image(const Network<float>& network) {
  double flops = 0.0;
  bool first = true;
  for (const auto& block : network.parameters()) {
    if (block.shape.size() != 2) continue;
    flops += (first ? 4.0 : 6.0) * static_cast<double>(block.count());
    first = false;
  }
  return flops;
}

void run(const Communicator& world, int repetitions) {
  DataOptions options;
  options.train = kSamples;
  options.test = 16;
  const auto data = load_data<float>(options, world, world);
  constexpr std::int64_t n = 2048;
  std::vector<float> a(n * n, 0.5F);
  std::vector<float> b(n * n, 0.25F);
  std::vector<float> c(n * n);
  const auto ceiling = [&] {
    gemm(false, false, n, n, n, 1.0F, a.data(), b.data(), 0.0F, c.data());
  };
  const double ceiling_flops =
      2.0 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
  for (const std::int64_t batch : {std::int64_t{32}, std::int64_t{256}, std::int64_t{2048}}) {
    MlpOptions f1;
    f1.inputs = data.train.features();
    f1.widths = {512, 512, 512, 512, 512};
    f1.outputs = data.train.classes();
    NetworkLoss<float> objective(world, make_mlp<float>(f1), data, LossKind::cross_entropy);
    const VectorSpace& space = objective.space();
    std::vector<float> w(static_cast<std::size_t>(space.dimension()));
    objective.network().initialise(std::span(w), 1);
    std::vector<float> gradient(static_cast<std::size_t>(space.slice().size()));
    const auto descent = make_descent<float>(0.9, false, 0.0, space.slice().size());
    std::vector<std::int64_t> order(kSamples);
    std::iota(order.begin(), order.end(), 0);
    const auto epoch = [&] {
      for (std::int64_t at = 0; at + batch <= kSamples; at += batch) {
        const auto samples =
            Subset(order).subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(batch));
        objective.training_gradient(w, samples, gradient);
        descent->step(space.slice_of(std::span(w)), gradient, 0.01);
        space.gather_in_place(std::span(w));
      }
    };
    epoch();  // warm-up
    ceiling();
    std::vector<double> epochs;
    std::vector<double> ceilings;
    for (int repetition = 0; repetition < repetitions; ++repetition) {
      ceilings.push_back(bench::time_once(world, ceiling));
      epochs.push_back(bench::time_once(world, epoch));
    }
    const auto images = static_cast<double>(kSamples / batch * batch);
    const double rate = images / bench::median(epochs);
    const double flop_rate = rate * flops_of_an_image(objective.network());
    const double peak = ceiling_flops * world.size() / bench::median(ceilings);
    if (world.is_root()) {
      fmt::print(
          "{{\"bench\": \"f1_training\", \"ranks\": {}, \"batch\": {}, \"images_per_s\": {:.0f}, "
          "\"gflop_per_s\": {:.1f}, \"ceiling_gflop_per_s\": {:.1f}, \"share_of_ceiling\": {:.3f}, "
          "\"blas_core\": \"{}\", \"repetitions\": {}}}\n",
          world.size(), batch, rate, flop_rate * 1e-9, peak * 1e-9, flop_rate / peak, blas_core(),
          repetitions);
      std::fflush(stdout);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  thalweg::use_one_blas_thread();
  {
    const auto world = Communicator::duplicate(MPI_COMM_WORLD);
    run(world, argc > 1 ? std::atoi(argv[1]) : 7);
  }
  MPI_Finalize();
  return 0;
}
