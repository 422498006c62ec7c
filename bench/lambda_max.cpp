// Time to the largest eigenvalue of the Hessian of F1 (784-512x5-10, without batch norm, at its
// initial parameters) on MNIST images, tolerance 1e-3, beside what as many gradients cost.
//
//   mpirun -n 2 build/bench/bench_lambda_max FOLDER [images] [repetitions]
//
// FOLDER holds the IDX files. One JSON line: seconds, products, the eigenvalue with its residual,
// and the ratio of the time to products · gradient · 2.1.
#include <fmt/format.h>
#include <mpi.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/blas_setup.hpp"
#include "data/data_set.hpp"
#include "linalg/lanczos.hpp"
#include "measure.hpp"
#include "models/model.hpp"
#include "objectives/composed/double_precision.hpp"
#include "objectives/network/network_loss.hpp"

namespace {

using namespace thalweg;  // a program of one file

void run(const Communicator& world, const std::string& folder, std::int64_t samples,
         int repetitions) {
  DataOptions options;
  options.source = "idx";
  options.path = folder;
  options.train = samples;
  options.test = 16;
  const auto data = load_data<float>(options, world, world);
  ModelOptions model;
  model.mlp.widths = {512, 512, 512, 512, 512};
  model.batch_norm = BatchNormKind::none;
  NetworkLoss<float> objective(world, make_model<float>(model, data.train.shape(), 10), data,
                               LossKind::cross_entropy);
  std::vector<float> w(static_cast<std::size_t>(objective.dimension()));
  objective.network().initialise(std::span(w), 1);
  const std::vector<double> x(w.begin(), w.end());
  DoublePrecision<float> widened(objective);
  std::vector<double> slice(static_cast<std::size_t>(widened.space().slice().size()));
  LanczosOptions lanczos;
  lanczos.tolerance = 1e-3;
  lanczos.smallest = 0;

  widened.gradient(x, {}, slice);  // warm-up
  std::vector<double> gradients;
  std::vector<double> searches;
  LanczosResult found;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    gradients.push_back(bench::time_once(world, [&] { widened.gradient(x, {}, slice); }));
    searches.push_back(bench::time_once(world, [&] {
      found = lanczos_extremes(
          widened.space(),
          [&](std::span<const double> v, std::span<double> product) {
            widened.hessian_vector(x, v, {}, product);
          },
          lanczos);
    }));
  }
  if (!world.is_root()) return;
  const double gradient_s = bench::median(gradients);
  const double search_s = bench::median(searches);
  const double by_gradients = 2.1 * gradient_s * static_cast<double>(found.products);
  fmt::print(
      "{{\"bench\": \"lambda_max\", \"ranks\": {}, \"images\": {}, \"lambda_max\": {:.6g}, "
      "\"residual\": {:.2g}, \"products\": {}, \"seconds\": {:.2f}, \"gradient_s\": {:.3f}, "
      "\"seconds_over_gradients\": {:.3f}, \"blas_core\": \"{}\", \"repetitions\": {}}}\n",
      world.size(), data.train.size(), found.largest.front().value, found.largest.front().residual,
      found.products, search_s, gradient_s, search_s / by_gradients, blas_core(), repetitions);
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  thalweg::use_one_blas_thread();
  {
    const auto world = Communicator::duplicate(MPI_COMM_WORLD);
    run(world, argc > 1 ? argv[1] : ".", argc > 2 ? std::atoll(argv[2]) : -1,
        argc > 3 ? std::atoi(argv[3]) : 3);
  }
  MPI_Finalize();
  return 0;
}
