#include "kernels/convolutional_tiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.hpp"
#include "kernels/convolutional_images.hpp"
#include "kernels/convolutional_pairs.hpp"

namespace thalweg {

namespace {

constexpr double kStrip_s = 10.0;
/// Images prepared at once; 21 layers of 32 × 32 pixels take 0.2 MB an image.
constexpr std::int64_t kRowsAtOnce = 64;

/// Operations a second of one core, roughly, so that the number of strips is the same everywhere.
template <class Real>
constexpr double kPlannedRate = sizeof(Real) == 4 ? 3e10 : 6e9;

struct Range {
  std::int64_t begin;
  std::int64_t end;
  [[nodiscard]] std::int64_t size() const { return end - begin; }
};

template <class Real>
void prepare(const Samples<Real>& samples, Range range, InterleavedImages<Real>& images) {
  const std::int64_t features = samples.features();
  images.prepare(samples.rows.subspan(static_cast<std::size_t>(range.begin * features),
                                      static_cast<std::size_t>(range.size() * features)),
                 range.size());
}

/// What a strip needs: prepared images of some rows and of kLanes columns.
template <class Real>
class StripWorker {
 public:
  StripWorker(const ConvolutionalKernel& kernel, const ImageShape& shape)
      : kernel_(kernel),
        pairs_(kernel, shape),
        interleaved_(kernel, shape),
        column_(kernel, shape,
                kernel.readout == Readout::global_average_pool
                    ? ConvolutionalPairs<Real>::cyclic_row_length(shape.width)
                    : shape.width) {
    rows_.reserve(kRowsAtOnce);
    for (std::int64_t i = 0; i < kRowsAtOnce; ++i) rows_.emplace_back(kernel, shape, shape.width);
  }

  void take_rows(const Samples<Real>& samples, Range range) {
    for (std::int64_t first = range.begin; first < range.end; first += kLanes<Real>) {
      const std::int64_t end = std::min(first + kLanes<Real>, range.end);
      prepare(samples, {first, end}, interleaved_);
      for (std::int64_t i = first; i < end; ++i) {
        rows_[static_cast<std::size_t>(i - range.begin)].take(interleaved_, i - first);
      }
    }
  }
  void take_columns(const Samples<Real>& samples, Range range) {
    prepare(samples, range, interleaved_);
  }
  /// gap: values of the first `rows` rows with the column in `lane`.
  void column_values(std::int64_t lane, std::int64_t rows, Real* values) {
    column_.take(interleaved_, lane);
    for (std::int64_t i = 0; i < rows; ++i) {
      values[i] = static_cast<Real>(
          pairs_.global_average_pool(rows_[static_cast<std::size_t>(i)], column_));
    }
  }
  /// flatten: values of a row with the first values.size() columns.
  void row_values(std::int64_t row, std::span<double> values) {
    pairs_.flatten(rows_[static_cast<std::size_t>(row)], interleaved_, values);
  }

 private:
  ConvolutionalKernel kernel_;
  ConvolutionalPairs<Real> pairs_;
  InterleavedImages<Real> interleaved_;
  CyclicImage<Real> column_;
  std::vector<CyclicImage<Real>> rows_;
};

}  // namespace

std::int64_t strips_for(std::int64_t block, double element_s) {
  const double tile_s = static_cast<double>(block) * static_cast<double>(block) * element_s;
  for (std::int64_t strips = 1; strips < block; ++strips) {
    if (block % strips == 0 && tile_s / static_cast<double>(strips) <= kStrip_s) return strips;
  }
  return block;
}

template <class Real>
ConvolutionalTiles<Real>::ConvolutionalTiles(const ConvolutionalKernel& kernel,
                                             const Samples<Real>& rows,
                                             const Samples<Real>& columns, std::int64_t block)
    : kernel_(kernel), rows_(rows), columns_(columns), block_(block) {
  kernel.check();
  if (!(rows.shape == columns.shape)) {
    throw Error(fmt::format("kernel between images of {} x {} x {} and {} x {} x {}",
                            rows.shape.channels, rows.shape.height, rows.shape.width,
                            columns.shape.channels, columns.shape.height, columns.shape.width));
  }
  if (rows.size() < 1 || columns.size() < 1) throw Error("a kernel needs at least one sample");
  if (block < 1) throw Error(fmt::format("kernel tiles of {}", block));
  strips_ = strips_for(block, fused_operations_of_pair(kernel, rows.shape) / kPlannedRate<Real>);
}

template <class Real>
void ConvolutionalTiles<Real>::compute_strip(std::int64_t row, std::int64_t column,
                                             std::int64_t strip, Real* tile) const {
  const std::int64_t width = this->strip_columns();
  const std::int64_t first_column = column * block_;
  const Range columns{std::min(first_column + strip * width, columns_.size()),
                      std::min(first_column + (strip + 1) * width, columns_.size())};
  std::fill_n(tile + strip * width * block_, width * block_, Real{0});
  const bool diagonal = symmetric() && row == column;
  const Range rows{row * block_,
                   std::min((row + 1) * block_, diagonal ? columns.end : rows_.size())};
  if (columns.size() < 1) return;
  StripWorker<Real> worker(kernel_, rows_.shape);
  // Rows that an element of this column needs, of those from `begin` on.
  const auto rows_from = [&](std::int64_t begin, std::int64_t j) {
    return std::min(begin + kRowsAtOnce, diagonal ? j + 1 : rows.end) - begin;
  };
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += kRowsAtOnce) {
    worker.take_rows(rows_, {begin, std::min(begin + kRowsAtOnce, rows.end)});
    Real* const from = tile + (begin - rows.begin) - first_column * block_;
    for (std::int64_t j = columns.begin; j < columns.end; j += kLanes<Real>) {
      const Range group{j, std::min(j + kLanes<Real>, columns.end)};
      if (rows_from(begin, group.end - 1) < 1) continue;
      worker.take_columns(columns_, group);
      if (kernel_.readout == Readout::global_average_pool) {
        for (std::int64_t c = group.begin; c < group.end; ++c) {
          worker.column_values(c - group.begin, std::min(rows_from(begin, c), rows.end - begin),
                               from + c * block_);
        }
      } else {
        std::array<double, static_cast<std::size_t>(kLanes<Real>)> values;
        const std::int64_t count = std::min(rows_from(begin, group.end - 1), rows.end - begin);
        for (std::int64_t i = 0; i < count; ++i) {
          worker.row_values(i, std::span(values).first(static_cast<std::size_t>(group.size())));
          for (std::int64_t c = group.begin; c < group.end; ++c) {
            if (i < rows_from(begin, c)) {
              from[c * block_ + i] = static_cast<Real>(values[static_cast<std::size_t>(c - j)]);
            }
          }
        }
      }
    }
  }
}

template <class Real>
std::unique_ptr<KernelTiles<Real>> Convolutional<Real>::between(const Communicator& /*comm*/,
                                                                const Samples<Real>& rows,
                                                                const Samples<Real>& columns,
                                                                std::int64_t block) const {
  return std::make_unique<ConvolutionalTiles<Real>>(kernel_, rows, columns, block);
}

template class ConvolutionalTiles<float>;
template class ConvolutionalTiles<double>;
template class Convolutional<float>;
template class Convolutional<double>;

}  // namespace thalweg
