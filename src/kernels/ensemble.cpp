#include "kernels/ensemble.hpp"

#include "base/error.hpp"
#include "kernels/gram.hpp"
#include "kernels/kernel_product.hpp"
#include "linalg/product.hpp"
#include "linalg/rank_sum.hpp"

namespace thalweg {

template <class Real>
std::vector<double> ensemble_variances(const KernelSpectrum<Real>& spectrum,
                                       const KernelTiles<Real>& ntk_test,
                                       const InitialCovariance<Real>& initial,
                                       std::span<const SpectralFilter> filters) {
  const DistributedMatrix<Real>& v = spectrum.vectors();
  const ProcessGrid& grid = v.grid();
  const std::int64_t n = spectrum.size();
  const std::int64_t tests = ntk_test.rows();
  const std::int64_t b = v.block();
  DistributedMatrix<Real> covariance(grid, n, n, b);  // K_dd
  if (!assemble_gram(initial.train, covariance, nullptr, WorkControl{})) {
    return {};
  }
  DistributedMatrix<Real> cross(grid, n, tests, b);  // K_dt
  assemble_transposed(initial.test, cross);
  DistributedMatrix<Real> projected(grid, n, tests, b);  // Vᵀ Θ_dt
  DistributedMatrix<Real> a(grid, n, tests, b);          // Aᵀ
  DistributedMatrix<Real> ka(grid, n, tests, b);         // K_dd Aᵀ
  assemble_transposed(ntk_test, a);
  multiply<Real>(Transpose::yes, Transpose::no, 1, v, a, 0, projected);
  const auto prior = tile_diagonal(grid.comm(), initial.test_alone);
  std::vector<double> variances;
  for (const SpectralFilter& filter : filters) {
    for (std::int64_t i = 0; i < ka.local_rows(); ++i) {
      const auto value = spectrum.values()[static_cast<std::size_t>(ka.global_row(i))];
      const double factor = filter(value);
      for (std::int64_t j = 0; j < ka.local_columns(); ++j) {
        ka.local(i, j) = static_cast<Real>(factor * static_cast<double>(projected.local(i, j)));
      }
    }
    multiply<Real>(Transpose::no, Transpose::no, 1, v, ka, 0, a);
    multiply_symmetric<Real>(Triangle::upper, 1, covariance, a, 0, ka);
    std::vector<double> sums(static_cast<std::size_t>(tests), 0.0);
    for (std::int64_t j = 0; j < a.local_columns(); ++j) {
      double sum = 0.0;
      for (std::int64_t i = 0; i < a.local_rows(); ++i) {
        const auto weight = static_cast<double>(a.local(i, j));
        sum += weight *
               (static_cast<double>(ka.local(i, j)) - 2.0 * static_cast<double>(cross.local(i, j)));
      }
      sums[static_cast<std::size_t>(a.global_column(j))] = sum;
    }
    sum_over_ranks(grid.comm(), std::span<double>(sums));
    for (std::size_t i = 0; i < sums.size(); ++i) variances.push_back(prior[i] + sums[i]);
  }
  return variances;
}

template std::vector<double> ensemble_variances(const KernelSpectrum<float>&,
                                                const KernelTiles<float>&,
                                                const InitialCovariance<float>&,
                                                std::span<const SpectralFilter>);
template std::vector<double> ensemble_variances(const KernelSpectrum<double>&,
                                                const KernelTiles<double>&,
                                                const InitialCovariance<double>&,
                                                std::span<const SpectralFilter>);

}  // namespace thalweg
