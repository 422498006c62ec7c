// Convolutional NTK of pairs of images: seconds a pair, flops, bytes, and the share of what the
// cores can do.
//   mpirun -n P bench_convolutional [FOLDER_OF_CIFAR10 [repetitions]]
// One line of JSON for each readout and depth, single precision. Without a folder (or "-") the
// images are noise. All ranks compute tiles at once; the ceiling is the rate at which they issue
// fused multiply-adds, measured at once as well, in turns with the tiles. The first pair is
// compared with double precision, so that no timing goes without a right answer.
#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/pack.hpp"
#include "base/philox.hpp"
#include "data/data_set.hpp"
#include "kernels/convolutional_pairs.hpp"
#include "kernels/convolutional_tiles.hpp"
#include "measure.hpp"

namespace {

using thalweg::Communicator;
using thalweg::ConvolutionalKernel;
using thalweg::Pack;
using thalweg::Readout;

constexpr thalweg::ImageShape kShape{3, 32, 32};
/// Images of one tile: of gap few, a pair takes 10 ms.
constexpr std::int64_t kGapImages = 4;
constexpr std::int64_t kFlattenImages = 64;

/// Seconds of one fused multiply-add of a pack of floats: twelve chains, none waits for another.
double fma_time(const Communicator& comm) {
  constexpr int rounds = 200000;
  constexpr std::size_t chains = 12;
  std::array<Pack<float>, chains> sums;
  sums.fill(thalweg::broadcast(1.0F));
  const Pack<float> factor = thalweg::broadcast(0.999F);
  const Pack<float> term = thalweg::broadcast(0.001F);
  const double elapsed_s = thalweg::bench::time_once(comm, [&] {
    auto local = sums;
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < chains; ++i) local[i] = thalweg::fma(local[i], factor, term);
    }
    sums = local;
  });
  Pack<float> total{};
  for (const auto& sum : sums) total = total + sum;
  if (!(total[0] > 0.0F)) std::abort();  // the sums are needed
  return elapsed_s / (static_cast<double>(rounds) * static_cast<double>(chains));
}

std::vector<float> images(const Communicator& comm, const std::string& folder, std::int64_t count) {
  if (folder != "-") {
    thalweg::DataOptions options;
    options.source = "cifar10";
    options.path = folder;
    options.train = count;
    options.test = 1;
    const auto data = thalweg::load_data<float>(options, comm, comm);
    const auto rows = data.train.all_rows();
    return {rows.begin(), rows.end()};
  }
  std::vector<float> noise(static_cast<std::size_t>(count * kShape.features()));
  thalweg::Stream stream(1, thalweg::Purpose::test, 0);
  for (float& value : noise) value = static_cast<float>(stream.uniform());
  return noise;
}

template <class Real>
double first_pair(const ConvolutionalKernel& kernel, const std::vector<float>& rows) {
  const auto features = static_cast<std::ptrdiff_t>(kShape.features());
  const std::vector<Real> x(rows.begin(), rows.begin() + features);
  const std::vector<Real> z(rows.begin() + features, rows.begin() + 2 * features);
  const thalweg::ConvolutionalTiles<Real> tiles(kernel, {x, kShape}, {z, kShape}, 1);
  Real value = 0;
  tiles.compute(0, 0, &value);
  return static_cast<double>(value);
}

bool measure(const Communicator& comm, const std::string& folder, const std::vector<float>& rows,
             Readout readout, std::int64_t convolutions, int repetitions) {
  const bool gap = readout == Readout::global_average_pool;
  const std::int64_t side = gap ? kGapImages : kFlattenImages;
  ConvolutionalKernel kernel;
  kernel.convolutions = convolutions;
  kernel.readout = readout;
  // Two spans, so that the tile is no symmetric one and every element counts.
  const std::vector<float> left(
      rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(side * kShape.features()));
  const std::vector<float> right = left;
  const thalweg::ConvolutionalTiles<float> tiles(kernel, {left, kShape}, {right, kShape}, side);
  std::vector<float> tile(static_cast<std::size_t>(side * side));
  std::vector<double> pair_s;
  std::vector<double> fma_s;
  for (int repetition = -1; repetition < repetitions; ++repetition) {
    const double issue_s = fma_time(comm);
    const double elapsed_s =
        thalweg::bench::time_once(comm, [&] { tiles.compute(0, 0, tile.data()); });
    if (repetition < 0) continue;
    fma_s.push_back(issue_s);
    pair_s.push_back(elapsed_s / static_cast<double>(side * side));
  }
  const double exact = first_pair<double>(kernel, rows);
  const double error = std::abs(first_pair<float>(kernel, rows) / exact - 1.0);
  const bool correct = error <= 1e-5;

  const double median_s = thalweg::bench::median(pair_s);
  const double issue_s = thalweg::bench::median(fma_s);
  const double operations = thalweg::fused_operations_of_pair(kernel, kShape);
  const double ceiling_s = operations / static_cast<double>(thalweg::kLanes<float>) * issue_s;
  // CIFAR-10: all pairs of 50,000 training images, and 10,000 test images with each of them.
  constexpr double cifar_pairs = 50000.0 * 50001.0 / 2.0 + 10000.0 * 50000.0;
  const double offsets = gap ? static_cast<double>(kShape.height * kShape.width) : 1.0;
  const double state_bytes = 4.0 * sizeof(float) * offsets *
                             static_cast<double>(kShape.height * kShape.width * convolutions);
  if (comm.is_root()) {
    fmt::print(
        "{{\"benchmark\": \"convolutional\", \"readout\": \"{}\", \"convolutions\": {}, \"ranks\": "
        "{}, \"data\": \"{}\", \"pairs\": {}, \"pair_ms\": {}, \"best_pair_ms\": {}, "
        "\"pairs_per_s\": {}, \"fused_operations\": {}, \"state_bytes\": {}, \"lanes\": {}, "
        "\"fma_ns\": {}, \"ceiling_ms\": {}, \"share_of_ceiling\": {}, \"cifar10_core_hours\": {}, "
        "\"relative_error\": {}, \"correct\": {}}}\n",
        thalweg::readout_name(readout), convolutions, comm.size(),
        folder == "-" ? "noise" : "cifar10", side * side, 1e3 * median_s,
        1e3 * *std::min_element(pair_s.begin(), pair_s.end()),
        static_cast<double>(comm.size()) / median_s, operations, state_bytes,
        thalweg::kLanes<float>, 1e9 * issue_s, 1e3 * ceiling_s, ceiling_s / median_s,
        cifar_pairs * median_s / 3600.0, error, correct);
  }
  return correct;
}

int run(int argc, char** argv) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const std::string folder = argc > 1 ? argv[1] : "-";
  const int repetitions = argc > 2 ? std::atoi(argv[2]) : 5;
  const std::vector<float> rows = images(comm, folder, kFlattenImages);
  bool correct = true;
  for (const Readout readout : {Readout::flatten, Readout::global_average_pool}) {
    for (const std::int64_t convolutions : {2, 3, 5, 10, 20, 21}) {
      correct = measure(comm, folder, rows, readout, convolutions, repetitions) && correct;
    }
  }
  return correct ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const int code = run(argc, argv);
  MPI_Finalize();
  return code;
}
