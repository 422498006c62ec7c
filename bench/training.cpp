// Training steps and products with the Hessian beside the machine's ceiling: as many processes as
// ranks running sgemm at the same time, interleaved with the steps in one run.
//
//   mpirun -n 2 build/bench/bench_training [f1|c1|resnet20] [repetitions] [batch[/shard] …]
//
// f1 is 784-512x5-10 with batch norm, c1 Keskar et al.'s shallow convolutional net on 32x32x3;
// the images are made up. Flops of a step: three times a forward pass, the first weights' input
// left out: 7.9 MFLOP an image for f1, 166 for c1. One JSON line a batch size, on stdout.
#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "base/blas_setup.hpp"
#include "base/philox.hpp"
#include "linalg/gemm.hpp"
#include "measure.hpp"
#include "models/model.hpp"
#include "objectives/network/network_loss.hpp"
#include "optimizers/first_order/descent.hpp"

namespace {

using namespace thalweg;  // a program of one file

struct Bench {
  std::string name;
  ModelOptions model;
  ImageShape shape;
  double step_flops = 0.0;  ///< of an image
};

Bench bench_named(const std::string& name) {
  Bench made;
  made.name = name;
  made.shape = {1, 28, 28};
  if (name == "f1") {
    made.model.mlp.widths = {512, 512, 512, 512, 512};
  } else {
    made.shape = {3, 32, 32};
    made.model.layers = read_layers(layers_named(name));
  }
  const auto network = make_model<float>(made.model, made.shape, 10);
  // The derivative by the images, which nobody needs: one product of the first weights.
  const auto first = network.parameters().front();
  const double places = name == "f1" ? 1.0 : 1024.0;
  made.step_flops = 3.0 * network.flops() - 2.0 * places * static_cast<double>(first.count());
  return made;
}

/// An array of random bytes as numpy would save it.
void write_npy(const std::filesystem::path& file, const std::string& shape, std::int64_t count,
               unsigned below) {
  std::string header =
      fmt::format("{{'descr': '|u1', 'fortran_order': False, 'shape': ({}), }}", shape);
  constexpr std::size_t preamble = 10;
  header.append(63 - (preamble + header.size()) % 64, ' ');
  header += '\n';
  std::ofstream out(file, std::ios::binary);
  out << "\x93NUMPY" << '\x01' << '\0' << static_cast<char>(header.size() & 0xFFU)
      << static_cast<char>(header.size() >> 8U) << header;
  Stream stream(1, Purpose::test, 0);
  for (std::int64_t i = 0; i < count; ++i) out << static_cast<char>(stream.next_u32() % below);
}

/// Images and labels of no meaning, through a folder that is gone afterwards. Collective.
DataSet<float> images(const Communicator& world, const ImageShape& shape, std::int64_t samples) {
  const std::string folder = world.broadcast(
      (std::filesystem::temp_directory_path() / fmt::format("thalweg-bench-{}", getpid()))
          .string());
  if (world.is_root()) {
    std::filesystem::create_directory(folder);
    for (const auto& [half, n] :
         {std::pair("train", samples), std::pair("test", std::int64_t{16})}) {
      write_npy(folder + "/" + half + "_x.npy",
                fmt::format("{}, {}, {}, {}", n, shape.channels, shape.height, shape.width),
                n * shape.features(), 256);
      write_npy(folder + "/" + half + "_y.npy", fmt::format("{},", n), n, 10);
    }
  }
  world.barrier();
  DataOptions options;
  options.source = "npy";
  options.path = folder;
  auto data = load_data<float>(options, world, world);
  world.barrier();
  if (world.is_root()) std::filesystem::remove_all(folder);
  return data;
}

/// The most memory this process has had resident since the last call with `reset`, in bytes.
std::int64_t peak_bytes(bool reset) {
  if (reset) std::ofstream("/proc/self/clear_refs") << "5";
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmHWM:") continue;
    std::int64_t kibibytes = 0;
    status >> kibibytes;
    return kibibytes << 10;
  }
  return 0;
}

class Measured {
 public:
  Measured(const Communicator& world, const Bench& bench, const DataSet<float>& data,
           std::int64_t batch, std::int64_t shard)
      : world_(world),
        objective_(world, make_model<float>(bench.model, bench.shape, 10), data,
                   LossKind::cross_entropy),
        space_(objective_.space()),
        descent_(make_descent<float>(0.9, false, 0.0, space_.slice().size())),
        w_(static_cast<std::size_t>(space_.dimension())),
        gradient_(static_cast<std::size_t>(space_.slice().size())),
        order_(static_cast<std::size_t>(data.train.size())),
        batch_(batch) {
    objective_.set_shards(shard, 0);
    objective_.network().initialise(std::span(w_), 1);
    std::iota(order_.begin(), order_.end(), 0);
  }

  void epoch() {
    const auto samples = static_cast<std::int64_t>(order_.size());
    for (std::int64_t at = 0; at + batch_ <= samples; at += batch_) {
      const auto of_step =
          Subset(order_).subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(batch_));
      objective_.training_gradient(w_, of_step, gradient_);
      descent_->step(space_.slice_of(std::span(w_)), gradient_, 0.01);
      space_.gather_in_place(std::span(w_));
    }
  }
  [[nodiscard]] std::int64_t images_an_epoch() const {
    return static_cast<std::int64_t>(order_.size()) / batch_ * batch_;
  }

  [[nodiscard]] std::int64_t training_shard() const { return objective_.training_shard(batch_); }
  [[nodiscard]] std::int64_t step_bytes() const {
    return world_.max(objective_.step_bytes(batch_));
  }

  /// Seconds of a gradient, a first and a further product with the Hessian at a point; sizes of
  /// batches as in training, statistics of the batch.
  struct Derivatives {
    double gradient_s, first_product_s, product_s;
  };
  Derivatives derivatives(int repetitions) {
    const Subset subset = Subset(order_).first(static_cast<std::size_t>(
        std::min<std::int64_t>(batch_, static_cast<std::int64_t>(order_.size()))));
    objective_.set_shards(training_shard(), training_shard());
    auto v = w_;
    std::vector<double> gradients;
    std::vector<double> firsts;
    std::vector<double> products;
    for (int repetition = 0; repetition <= repetitions; ++repetition) {
      const double gradient =
          bench::time_once(world_, [&] { objective_.gradient(w_, subset, gradient_); });
      const double first =
          bench::time_once(world_, [&] { objective_.hessian_vector(w_, v, subset, gradient_); });
      const double further =
          bench::time_once(world_, [&] { objective_.hessian_vector(w_, v, subset, gradient_); });
      if (repetition == 0) continue;  // warm-up
      gradients.push_back(gradient);
      firsts.push_back(first);
      products.push_back(further);
    }
    return {bench::median(gradients), bench::median(firsts), bench::median(products)};
  }

  /// Seconds that a step spends on adding up gradients and spreading parameters, and that one plain
  /// allreduce of the gradient takes.
  struct Reduction {
    double ordered_s, allreduce_s;
  };
  Reduction reduction(int repetitions) {
    const BatchLayout layout(world_, batch_, objective_.training_shard(batch_));
    std::vector<AlignedVector<float>> sums(layout.reduction().nodes().size(),
                                           AlignedVector<float>(w_.size(), 1.0F));
    std::vector<float> whole(w_.size(), 1.0F);
    std::vector<float> received(w_.size());
    std::vector<double> ordered;
    std::vector<double> plain;
    for (int repetition = 0; repetition <= repetitions; ++repetition) {
      ordered.push_back(bench::time_once(world_, [&] {
        layout.reduction().reduce_to_slices(space_, std::span<const AlignedVector<float>>(sums),
                                            std::span<float>(gradient_));
        space_.gather_in_place(std::span<float>(whole));
      }));
      plain.push_back(bench::time_once(world_, [&] {
        MPI_Allreduce(whole.data(), received.data(), static_cast<int>(whole.size()), MPI_FLOAT,
                      MPI_SUM, world_.handle());
      }));
    }
    return {bench::median(ordered), bench::median(plain)};
  }

 private:
  const Communicator& world_;
  NetworkLoss<float> objective_;
  const VectorSpace& space_;
  std::unique_ptr<Optimizer<float>> descent_;
  std::vector<float> w_;
  std::vector<float> gradient_;
  std::vector<std::int64_t> order_;
  std::int64_t batch_;
};

/// Samples of a step and of a shard; shard 0: the suite's own choice.
struct StepSize {
  std::int64_t batch = 0;
  std::int64_t shard = 0;
};

void run(const Communicator& world, const Bench& bench, int repetitions,
         const std::vector<StepSize>& sizes) {
  std::int64_t largest = 0;
  for (const auto& size : sizes) largest = std::max(largest, size.batch);
  const std::int64_t samples = std::max<std::int64_t>(bench.name == "f1" ? 8192 : 512, largest);
  const auto data = images(world, bench.shape, samples);
  constexpr std::int64_t n = 2048;
  std::vector<float> a(n * n, 0.5F);
  std::vector<float> b(n * n, 0.25F);
  std::vector<float> c(n * n);
  const auto ceiling = [&] {
    gemm(false, false, n, n, n, 1.0F, a.data(), b.data(), 0.0F, c.data());
  };
  const double ceiling_flops = 2.0 * static_cast<double>(n * n) * static_cast<double>(n);
  for (const auto& [batch, shard] : sizes) {
    // What BLAS and MPI take once for all is not counted as the step's.
    Measured(world, bench, data, batch, shard).epoch();
    Measured measured(world, bench, data, batch, shard);
    ceiling();
    const std::int64_t before = peak_bytes(true);
    measured.epoch();
    const std::int64_t held = world.max(peak_bytes(false) - before);
    std::vector<double> epochs;
    std::vector<double> ceilings;
    for (int repetition = 0; repetition < repetitions; ++repetition) {
      ceilings.push_back(bench::time_once(world, ceiling));
      epochs.push_back(bench::time_once(world, [&] { measured.epoch(); }));
    }
    const auto derivatives = measured.derivatives(repetitions);
    const auto reduction = measured.reduction(repetitions);
    const double rate = static_cast<double>(measured.images_an_epoch()) / bench::median(epochs);
    const double flop_rate = rate * bench.step_flops;
    const double peak = ceiling_flops * world.size() / bench::median(ceilings);
    const double step_s = static_cast<double>(batch) / rate;
    const std::int64_t by_formula = measured.step_bytes();
    if (world.is_root()) {
      fmt::print(
          "{{\"bench\": \"{}_training\", \"ranks\": {}, \"batch\": {}, \"shard\": {}, "
          "\"images_per_s\": {:.0f}, "
          "\"gflop_per_s\": {:.1f}, \"ceiling_gflop_per_s\": {:.1f}, \"share_of_ceiling\": {:.3f}, "
          "\"gradient_s\": {:.4f}, \"first_product_over_gradient\": {:.2f}, "
          "\"product_over_gradient\": {:.2f}, \"ordered_reduction_s\": {:.5f}, "
          "\"allreduce_s\": {:.5f}, \"reduction_over_allreduce_share_of_step\": {:.3f}, "
          "\"step_mib\": {:.1f}, \"step_mib_by_formula\": {:.1f}, "
          "\"blas_core\": \"{}\", \"repetitions\": {}}}\n",
          bench.name, world.size(), batch, measured.training_shard(), rate, flop_rate * 1e-9,
          peak * 1e-9, flop_rate / peak, derivatives.gradient_s,
          derivatives.first_product_s / derivatives.gradient_s,
          derivatives.product_s / derivatives.gradient_s, reduction.ordered_s,
          reduction.allreduce_s, (reduction.ordered_s - reduction.allreduce_s) / step_s,
          static_cast<double>(held) / (1 << 20), static_cast<double>(by_formula) / (1 << 20),
          blas_core(), repetitions);
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
    const std::string name = argc > 1 ? argv[1] : "f1";
    std::vector<StepSize> sizes;
    for (int i = 3; i < argc; ++i) {
      const char* slash = std::strchr(argv[i], '/');
      sizes.push_back({std::atoll(argv[i]), slash == nullptr ? 0 : std::atoll(slash + 1)});
    }
    if (sizes.empty()) sizes = {{32}, {256}};
    if (argc <= 3 && name == "f1") sizes.push_back({2048});
    run(world, bench_named(name), argc > 2 ? std::atoi(argv[2]) : 7, sizes);
  }
  MPI_Finalize();
  return 0;
}
