// The three products of convolutional layers beside the machine's ceiling: sgemm of n = 2048 on as
// many processes at the same time, in turns with them in one run.
//
//   mpirun -n 2 build/bench/bench_convolution [repetitions [layer]]
//
// Flops of each product: 2 · output pixels · filters · channels · kernel height · kernel width an
// image. One JSON line a layer, on stdout. Each layer's first output is compared with its
// definition in float64, so that no timing goes without a right answer; exit code 3 if one differs.
#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/blas_setup.hpp"
#include "base/philox.hpp"
#include "linalg/gemm.hpp"
#include "measure.hpp"
#include "models/convolution_kernels.hpp"

namespace {

using namespace thalweg;  // a program of one file

struct NamedLayer {
  std::string name;
  ConvolutionGeometry geometry;
};

const std::vector<NamedLayer>& layers() {
  static const std::vector<NamedLayer> all{
      {"c1_first", {3, 32, 32, 64, 5, 5, 1, 2}},
      {"c1_second", {64, 15, 15, 64, 5, 5, 1, 2}},
      {"resnet_first", {3, 32, 32, 16, 3, 3, 1, 1}},
      {"resnet_16", {16, 32, 32, 16, 3, 3, 1, 1}},
      {"resnet_16_32_stride_2", {16, 32, 32, 32, 3, 3, 2, 1}},
      {"resnet_32", {32, 16, 16, 32, 3, 3, 1, 1}},
      {"resnet_shortcut", {32, 16, 16, 64, 1, 1, 2, 0}},
      {"resnet_64", {64, 8, 8, 64, 3, 3, 1, 1}},
      {"vgg_64", {64, 32, 32, 64, 3, 3, 1, 1}},
      {"vgg_128", {128, 16, 16, 128, 3, 3, 1, 1}},
      {"vgg_256", {256, 8, 8, 256, 3, 3, 1, 1}},
      {"vgg_512", {512, 4, 4, 512, 3, 3, 1, 1}},
      {"vgg_512_last", {512, 2, 2, 512, 3, 3, 1, 1}},
  };
  return all;
}

std::vector<float> normals(std::int64_t count, std::uint64_t index) {
  std::vector<float> values(static_cast<std::size_t>(count));
  Stream stream(1, Purpose::test, index);
  for (float& value : values) value = static_cast<float>(stream.normal());
  return values;
}

/// Filter 0 at the pixel in the middle of the first image.
double relative_error(const ConvolutionGeometry& g, const float* in, const float* w,
                      const float* out) {
  const std::int64_t oy = g.out_height() / 2;
  const std::int64_t ox = g.out_width() / 2;
  double sum = 0.0;
  double size = 0.0;
  for (std::int64_t c = 0; c < g.channels; ++c) {
    for (std::int64_t ky = 0; ky < g.kernel_height; ++ky) {
      for (std::int64_t kx = 0; kx < g.kernel_width; ++kx) {
        const std::int64_t y = oy * g.stride + ky - g.padding;
        const std::int64_t x = ox * g.stride + kx - g.padding;
        if (y < 0 || y >= g.height || x < 0 || x >= g.width) continue;
        const double term =
            static_cast<double>(in[(y * g.width + x) * g.channels + c]) *
            static_cast<double>(w[(c * g.kernel_height + ky) * g.kernel_width + kx]);
        sum += term;
        size += std::abs(term);
      }
    }
  }
  return std::abs(static_cast<double>(out[(oy * g.out_width() + ox) * g.filters]) - sum) / size;
}

bool measure(const Communicator& world, const NamedLayer& layer, int repetitions) {
  const ConvolutionGeometry& g = layer.geometry;
  // About 0.1 s a product, at least one shard of 64 images.
  const auto images =
      std::clamp<std::int64_t>(static_cast<std::int64_t>(4e9 / g.flops()), 64, 1024);
  const auto in = normals(images * g.inputs(), 0);
  const auto weights = normals(g.weights(), 1);
  const auto d_out = normals(images * g.outputs(), 2);
  AlignedVector<float> aligned_in(in.begin(), in.end());
  AlignedVector<float> aligned_d(d_out.begin(), d_out.end());
  AlignedVector<float> out(d_out.size());
  AlignedVector<float> d_in(in.size());
  std::vector<float> gradient(weights.size());
  ConvolutionKernels<float> kernels(g);
  AlignedVector<float> forward_weights;
  AlignedVector<float> backward_weights;
  kernels.pack_forward(weights.data(), forward_weights);
  kernels.pack_backward(weights.data(), backward_weights);
  constexpr std::int64_t n = 2048;
  const std::vector<float> a(n * n, 0.5F);
  const std::vector<float> b(n * n, 0.25F);
  std::vector<float> c(n * n);
  const double images_flops = static_cast<double>(images) * g.flops();
  struct Product {
    std::function<void()> work;
    double flops;
    std::vector<double> rates;
  };
  std::array<Product, 5> products{
      Product{[&] { gemm(false, false, n, n, n, 1.0F, a.data(), b.data(), 0.0F, c.data()); },
              2.0 * static_cast<double>(n * n * n),
              {}},
      Product{[&] { kernels.forward(forward_weights, aligned_in.data(), images, out.data()); },
              images_flops,
              {}},
      Product{
          [&] { kernels.backward_data(backward_weights, aligned_d.data(), images, d_in.data()); },
          images_flops,
          {}},
      Product{[&] {
                for (std::int64_t at = 0; at < images; at += 64) {
                  kernels.weight_gradient(
                      aligned_in.data() + at * g.inputs(), aligned_d.data() + at * g.outputs(),
                      std::min<std::int64_t>(64, images - at), gradient.data(), at > 0);
                }
              },
              images_flops,
              {}},
      Product{[&] {
                kernels.pack_forward(weights.data(), forward_weights);
                kernels.pack_backward(weights.data(), backward_weights);
              },
              0.0,
              {}}};
  std::vector<double> pack_s;
  for (int repetition = -1; repetition < repetitions; ++repetition) {
    for (Product& product : products) {
      const double elapsed_s = bench::time_once(world, product.work);
      if (repetition < 0) continue;
      if (product.flops == 0.0) pack_s.push_back(elapsed_s);
      product.rates.push_back(product.flops * world.size() / elapsed_s);
    }
  }
  const double error = relative_error(g, aligned_in.data(), weights.data(), out.data());
  const bool correct = error <= 1e-6;
  if (world.is_root()) {
    const double peak = bench::median(products[0].rates);
    const double forward = bench::median(products[1].rates);
    const double backward = bench::median(products[2].rates);
    const double weight = bench::median(products[3].rates);
    fmt::print(
        "{{\"bench\": \"convolution\", \"ranks\": {}, \"layer\": \"{}\", \"channels\": {}, "
        "\"height\": {}, \"width\": {}, \"filters\": {}, \"kernel\": {}, \"stride\": {}, "
        "\"padding\": {}, \"images\": {}, \"forward_gflop_per_s\": {:.1f}, "
        "\"backward_data_gflop_per_s\": {:.1f}, \"weight_gradient_gflop_per_s\": {:.1f}, "
        "\"sgemm_gflop_per_s\": {:.1f}, \"forward_share\": {:.3f}, \"backward_data_share\": "
        "{:.3f}, "
        "\"weight_gradient_share\": {:.3f}, \"pack_ms\": {:.3f}, \"relative_error\": {:.1e}, "
        "\"correct\": {}, \"blas_core\": \"{}\", \"repetitions\": {}}}\n",
        world.size(), layer.name, g.channels, g.height, g.width, g.filters, g.kernel_height,
        g.stride, g.padding, images, forward * 1e-9, backward * 1e-9, weight * 1e-9, peak * 1e-9,
        forward / peak, backward / peak, weight / peak, 1e3 * bench::median(pack_s), error, correct,
        blas_core(), repetitions);
    std::fflush(stdout);
  }
  return correct;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  thalweg::use_one_blas_thread();
  bool correct = true;
  {
    const auto world = Communicator::duplicate(MPI_COMM_WORLD);
    const int repetitions = argc > 1 ? std::atoi(argv[1]) : 7;
    for (const NamedLayer& layer : layers()) {
      if (argc > 2 && layer.name != argv[2]) continue;
      correct = measure(world, layer, repetitions) && correct;
    }
  }
  MPI_Finalize();
  return correct ? 0 : 3;
}
