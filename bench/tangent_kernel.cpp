// The empirical tangent kernel by its three methods: seconds, modelled flops and bytes, and the
// share of what GEMM reaches on one core.
//   bench_tangent_kernel [width [samples [outputs [repetitions]]]]
// One line of JSON a method and kind of outputs. The methods' results are compared, so that no
// timing goes without a right answer.
#include "models/tangent_kernel.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/blas_setup.hpp"
#include "base/clock.hpp"
#include "base/philox.hpp"
#include "linalg/gemm.hpp"
#include "measure.hpp"
#include "models/mlp.hpp"

namespace {

using namespace thalweg;

std::vector<float> normals(std::int64_t n, std::uint64_t index) {
  Stream stream(1, Purpose::test, index);
  std::vector<float> values(static_cast<std::size_t>(n));
  for (auto& value : values) value = static_cast<float>(stream.normal());
  return values;
}

/// Flops a second of sgemm, the best of three.
double gemm_rate() {
  constexpr std::int64_t n = 2048;
  const auto a = normals(n * n, 1);
  const auto b = normals(n * n, 2);
  std::vector<float> c(a.size());
  double best_s = 1e30;
  for (int repetition = -1; repetition < 3; ++repetition) {
    const Stopwatch watch;
    gemm(false, true, n, n, n, 1.0F, a.data(), b.data(), 0.0F, c.data());
    if (repetition >= 0) best_s = std::min(best_s, watch.elapsed_s());
  }
  return 2.0 * n * n * n / best_s;
}

void run(std::int64_t width, std::int64_t samples, std::int64_t outputs, int repetitions) {
  MlpOptions options;
  options.inputs = 784;
  options.widths = {width, width};
  options.outputs = outputs;
  options.batch_norm = BatchNormKind::none;
  options.parametrization = Parametrization::ntk;
  auto network = make_mlp<float>(options);
  std::vector<float> w(static_cast<std::size_t>(network.parameter_count()));
  network.initialise(std::span<float>(w), 1);
  const auto rows = normals(samples * options.inputs, 3);
  const auto columns = normals(samples * options.inputs, 4);
  for (const auto kind : {TangentOutputs::mean, TangentOutputs::pairs}) {
    std::vector<float> reference;
    for (const auto method :
         {TangentMethod::structure, TangentMethod::jacobian, TangentMethod::products}) {
      TangentKernel<float> kernel(network, w, Statistics::frozen, method, kind);
      const auto side = static_cast<std::size_t>(samples * kernel.width());
      std::vector<float> values(side * side);
      std::vector<double> seconds;
      for (int repetition = -1; repetition < repetitions; ++repetition) {
        const Stopwatch watch;
        kernel.block(rows.data(), samples, columns.data(), samples, values.data());
        if (repetition >= 0) seconds.push_back(watch.elapsed_s());
      }
      if (reference.empty()) reference = values;
      double gap = 0.0;
      double norm = 0.0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        const auto d = static_cast<double>(values[i] - reference[i]);
        gap += d * d;
        norm += static_cast<double>(reference[i]) * static_cast<double>(reference[i]);
      }
      const auto cost = tangent_cost(network, method, kind, samples, samples);
      const double best_s = *std::min_element(seconds.begin(), seconds.end());
      fmt::print(
          "{{\"method\": \"{}\", \"outputs\": \"{}\", \"width\": {}, \"samples\": {}, "
          "\"best_s\": {:.4f}, \"median_s\": {:.4f}, \"gflop\": {:.2f}, \"gbyte\": {:.2f}, "
          "\"share_of_gemm\": {:.3f}, \"relative_error\": {:.1e}}}\n",
          tangent_method_names()[static_cast<std::size_t>(method)],
          kind == TangentOutputs::mean ? "mean" : "pairs", width, samples, best_s,
          bench::median(seconds), 1e-9 * cost.flops, 1e-9 * cost.size_bytes,
          cost.flops / best_s / gemm_rate(), std::sqrt(gap / norm));
      std::fflush(stdout);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  use_one_blas_thread();
  const auto argument = [&](int index, int fallback) {
    return index < argc ? std::max(1, std::atoi(argv[index])) : fallback;
  };
  run(argument(1, 512), argument(2, 32), argument(3, 10), argument(4, 3));
  MPI_Finalize();
  return 0;
}
