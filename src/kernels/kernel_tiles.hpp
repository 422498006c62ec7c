#pragma once

#include <cstdint>
#include <limits>

namespace thalweg {

/// A kernel matrix as a source of tiles: Gram assembly, storage, residuals and predictions need
/// nothing else of a kernel.
template <class Real>
class KernelTiles {
 public:
  KernelTiles() = default;
  KernelTiles(const KernelTiles&) = delete;
  KernelTiles& operator=(const KernelTiles&) = delete;
  virtual ~KernelTiles() = default;
  [[nodiscard]] virtual std::int64_t rows() const = 0;
  [[nodiscard]] virtual std::int64_t columns() const = 0;
  /// Side of a tile; the last ones are padded.
  [[nodiscard]] virtual std::int64_t block() const = 0;
  /// Are rows and columns the same samples? In a diagonal tile only the elements with row ≤ column
  /// count then.
  [[nodiscard]] virtual bool symmetric() const = 0;
  /// How far an element may be from the kernel's value, relative to √(K(x, x) K(x', x')): what
  /// thresholds for zero eigenvalues start from. 8 ε unless a kernel knows better.
  [[nodiscard]] virtual double element_error() const {
    return 8.0 * static_cast<double>(std::numeric_limits<Real>::epsilon());
  }
  /// A tile is computed in this many strips of columns, so that the work between two checkpoints
  /// stays short for a kernel of costly elements. A divisor of block(), a function of the kernel
  /// and block() alone.
  [[nodiscard]] virtual std::int64_t strips() const { return 1; }
  /// Local. Kernel values of row panel `row` and column panel `column` in `tile` (block × block,
  /// column-major): columns [strip, strip + 1) · block/strips of the tile, the others stay
  /// untouched. An element's bits do not depend on its place. What stands in the padding, and below
  /// the diagonal of a symmetric diagonal tile, is finite.
  virtual void compute_strip(std::int64_t row, std::int64_t column, std::int64_t strip,
                             Real* tile) const = 0;

  /// Local. A whole tile, all its strips.
  void compute(std::int64_t row, std::int64_t column, Real* tile) const {
    for (std::int64_t strip = 0; strip < strips(); ++strip) {
      compute_strip(row, column, strip, tile);
    }
  }
  [[nodiscard]] std::int64_t row_panels() const { return (rows() + block() - 1) / block(); }
  [[nodiscard]] std::int64_t column_panels() const { return (columns() + block() - 1) / block(); }
  [[nodiscard]] std::int64_t strip_columns() const { return block() / strips(); }
};

}  // namespace thalweg
