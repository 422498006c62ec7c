#include "kernels/kernel_spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/aligned.hpp"
#include "linalg/factorization.hpp"
#include "linalg/local_blas.hpp"
#include "linalg/rank_sum.hpp"

namespace thalweg {

template <class Real>
KernelSpectrum<Real>::KernelSpectrum(DistributedMatrix<Real>& gram, double element_error)
    : vectors_(gram.grid(), gram.rows(), gram.rows(), gram.block()),
      rounding_{static_cast<double>(std::numeric_limits<Real>::epsilon()), element_error} {
  const auto values = symmetric_eigen(gram, Triangle::upper, vectors_);
  values_.assign(values.begin(), values.end());
}

template <class Real>
double KernelSpectrum<Real>::rounding() const {
  return rounding_.of(size(), values_.back(), std::accumulate(values_.begin(), values_.end(), 0.0));
}

template <class Real>
std::int64_t KernelSpectrum<Real>::null_count() const {
  return std::upper_bound(values_.begin(), values_.end(), rounding()) - values_.begin();
}

template <class Real>
std::vector<double> KernelSpectrum<Real>::project(std::span<const double> columns) const {
  return multiply(true, false, columns);
}
template <class Real>
std::vector<double> KernelSpectrum<Real>::combine(std::span<const double> coefficients) const {
  return multiply(false, false, coefficients);
}
template <class Real>
std::vector<double> KernelSpectrum<Real>::combine_squares(
    std::span<const double> coefficients) const {
  return multiply(false, true, coefficients);
}

template <class Real>
std::vector<double> KernelSpectrum<Real>::multiply(bool transposed, bool squared,
                                                   std::span<const double> columns) const {
  const std::int64_t n = size();
  const std::int64_t m = static_cast<std::int64_t>(columns.size()) / n;
  const std::int64_t b = vectors_.block();
  const ProcessGrid& grid = vectors_.grid();
  std::vector<double> sums(columns.size(), 0.0);
  AlignedVector<double> tile(static_cast<std::size_t>(b * b));
  for (std::int64_t j = grid.my_column(); j < vectors_.column_axis().blocks();
       j += grid.columns()) {
    const std::int64_t width = std::min(b, n - j * b);
    for (std::int64_t i = grid.my_row(); i < vectors_.row_axis().blocks(); i += grid.rows()) {
      const std::int64_t height = std::min(b, n - i * b);
      const std::int64_t row = vectors_.row_axis().to_local(i * b);
      const std::int64_t column = vectors_.column_axis().to_local(j * b);
      for (std::int64_t c = 0; c < width; ++c) {
        for (std::int64_t r = 0; r < height; ++r) {
          const auto value = static_cast<double>(vectors_.local(row + r, column + c));
          tile[static_cast<std::size_t>(r + c * b)] = squared ? value * value : value;
        }
      }
      if (transposed) {
        blas::gemm(CblasTrans, CblasNoTrans, width, m, height, 1.0, tile.data(), b,
                   columns.data() + i * b, n, 1.0, sums.data() + j * b, n);
      } else {
        blas::gemm(CblasNoTrans, CblasNoTrans, height, m, width, 1.0, tile.data(), b,
                   columns.data() + j * b, n, 1.0, sums.data() + i * b, n);
      }
    }
  }
  sum_over_ranks(grid.comm(), std::span<double>(sums));
  return sums;
}

double effective_dimension(std::span<const double> eigenvalues, double ridge) {
  double sum = 0.0;
  for (const double value : eigenvalues) {
    if (value > 0.0) sum += value / (value + ridge);
  }
  return sum;
}

template class KernelSpectrum<float>;
template class KernelSpectrum<double>;

}  // namespace thalweg
