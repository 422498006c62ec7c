#include "kernels/convolutional_net_tiles.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "kernels/convolutional_tiles.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

namespace {

template <class Real>
std::vector<double> image(const Samples<Real>& samples, std::int64_t index) {
  const auto features = static_cast<std::size_t>(samples.features());
  const auto row = samples.rows.subspan(static_cast<std::size_t>(index) * features, features);
  return {row.begin(), row.end()};
}

template <class Real>
std::vector<PixelVariances> all_variances(const Communicator& comm,
                                          const ConvolutionalNetKernel& kernel,
                                          const Samples<Real>& samples) {
  // What a zero image gives has the sizes of every other.
  const std::vector<double> nothing(static_cast<std::size_t>(samples.features()), 0.0);
  const PixelVariances pattern = pixel_variances(kernel, samples.shape, nothing.data());
  std::int64_t numbers = 0;
  for (const auto& layer : pattern) numbers += static_cast<std::int64_t>(layer.size());

  const Partition partition(samples.size(), comm.size());
  const Range mine = partition.of(comm.rank());
  std::vector<double> gathered(static_cast<std::size_t>(samples.size() * numbers));
  for (std::int64_t i = mine.begin; i < mine.end; ++i) {
    auto to = gathered.begin() + static_cast<std::ptrdiff_t>(i * numbers);
    for (const auto& layer : pixel_variances(kernel, samples.shape, image(samples, i).data())) {
      to = std::copy(layer.begin(), layer.end(), to);
    }
  }
  auto counts = partition.counts();
  for (auto& count : counts) count *= numbers;
  comm.all_gather_in_place(std::span<double>(gathered), std::span<const std::int64_t>(counts));

  std::vector<PixelVariances> variances(static_cast<std::size_t>(samples.size()), pattern);
  auto from = gathered.begin();
  for (PixelVariances& of_image : variances) {
    for (auto& layer : of_image) {
      std::copy_n(from, layer.size(), layer.begin());
      from += static_cast<std::ptrdiff_t>(layer.size());
    }
  }
  return variances;
}

}  // namespace

template <class Real>
ConvolutionalNetTiles<Real>::ConvolutionalNetTiles(const Communicator& comm,
                                                   const ConvolutionalNetKernel& kernel,
                                                   const Samples<Real>& rows,
                                                   const Samples<Real>& columns, std::int64_t block)
    : kernel_(kernel), rows_(rows), columns_(columns), block_(block) {
  check_image_sets(rows, columns, block);
  kernel.check(rows.shape);
  strips_ = strips_for(block, kernel.pair_estimate_s(rows.shape));
  row_variances_ = all_variances(comm, kernel, rows);
  if (!symmetric()) column_variances_ = all_variances(comm, kernel, columns);
}

template <class Real>
void ConvolutionalNetTiles<Real>::compute_strip(std::int64_t row, std::int64_t column,
                                                std::int64_t strip, Real* tile) const {
  const std::int64_t width = this->strip_columns();
  const auto& column_variances = symmetric() ? row_variances_ : column_variances_;
  std::fill_n(tile + strip * width * block_, width * block_, Real{0});
  const bool diagonal = symmetric() && row == column;
  for (std::int64_t j = strip * width; j < (strip + 1) * width; ++j) {
    const std::int64_t c = column * block_ + j;
    if (c >= columns_.size()) return;
    const std::vector<double> z = image(columns_, c);
    const std::int64_t end = std::min(rows_.size(), diagonal ? c + 1 : (row + 1) * block_);
    for (std::int64_t r = row * block_; r < end; ++r) {
      tile[j * block_ + r - row * block_] = static_cast<Real>(net_kernel(
          kernel_, rows_.shape, image(rows_, r).data(), row_variances_[static_cast<std::size_t>(r)],
          z.data(), column_variances[static_cast<std::size_t>(c)]));
    }
  }
}

template <class Real>
std::unique_ptr<KernelTiles<Real>> ConvolutionalNet<Real>::between(const Communicator& comm,
                                                                   const Samples<Real>& rows,
                                                                   const Samples<Real>& columns,
                                                                   std::int64_t block) const {
  return std::make_unique<ConvolutionalNetTiles<Real>>(comm, kernel_, rows, columns, block);
}

template class ConvolutionalNetTiles<float>;
template class ConvolutionalNetTiles<double>;
template class ConvolutionalNet<float>;
template class ConvolutionalNet<double>;

}  // namespace thalweg
