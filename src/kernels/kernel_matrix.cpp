#include "kernels/kernel_matrix.hpp"

#include <algorithm>

namespace thalweg {

template <class Real>
std::vector<Real> kernel_matrix(const Communicator& comm, const Kernel<Real>& kernel,
                                const Samples<Real>& rows, const Samples<Real>& columns) {
  constexpr std::int64_t block = 64;
  const auto tiles = kernel.between(comm, rows, columns, block);
  const bool symmetric = tiles->symmetric();
  const std::int64_t n = rows.size();
  const std::int64_t m = columns.size();
  std::vector<Real> matrix(static_cast<std::size_t>(n * m));
  std::vector<Real> tile(static_cast<std::size_t>(block * block));
  for (std::int64_t r = 0; r < tiles->row_panels(); ++r) {
    for (std::int64_t c = symmetric ? r : 0; c < tiles->column_panels(); ++c) {
      tiles->compute(r, c, tile.data());
      for (std::int64_t j = c * block; j < std::min((c + 1) * block, m); ++j) {
        for (std::int64_t i = r * block; i < std::min((r + 1) * block, n); ++i) {
          if (symmetric && i > j) continue;
          const Real value =
              tile[static_cast<std::size_t>((j - c * block) * block + i - r * block)];
          matrix[static_cast<std::size_t>(i * m + j)] = value;
          if (symmetric) matrix[static_cast<std::size_t>(j * m + i)] = value;
        }
      }
    }
  }
  return matrix;
}

template std::vector<float> kernel_matrix(const Communicator&, const Kernel<float>&,
                                          const Samples<float>&, const Samples<float>&);
template std::vector<double> kernel_matrix(const Communicator&, const Kernel<double>&,
                                           const Samples<double>&, const Samples<double>&);

}  // namespace thalweg
