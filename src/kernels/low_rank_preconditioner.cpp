#include "kernels/low_rank_preconditioner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/aligned.hpp"
#include "base/error.hpp"
#include "linalg/local_blas.hpp"
#include "linalg/rank_sum.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

namespace {

void factor_or_throw(std::int64_t n, std::vector<double>& a) {
  if (blas::factor(n, a.data(), n) != 0) {
    throw Error("the low-rank preconditioner's core is not positive definite: lower its rank");
  }
}

}  // namespace

template <class Real>
LowRankPreconditioner::LowRankPreconditioner(const Communicator& comm,
                                             const KernelTiles<Real>& tiles,
                                             std::span<const double> diagonal, double lambda,
                                             std::int64_t rank)
    : comm_(&comm), n_(tiles.rows()), rank_(rank) {
  if (rank < 1 || rank > n_) {
    throw Error(fmt::format("a preconditioner of rank {} for {} samples", rank, n_));
  }
  const std::int64_t b = tiles.block();
  const Partition panels(tiles.row_panels(), comm.size());
  const Range mine = panels.of(comm.rank());
  first_ = std::min(mine.begin * b, n_);
  rows_ = std::min(mine.end * b, n_) - first_;
  const auto r = static_cast<std::size_t>(rank);
  std::vector<std::int64_t> chosen(r);
  for (std::int64_t k = 0; k < rank; ++k) chosen[static_cast<std::size_t>(k)] = k * n_ / rank;

  b_.assign(static_cast<std::size_t>(rows_) * r, 0.0);
  std::vector<double> corner(r * r, 0.0);  // K_SS: the rows that are mine
  AlignedVector<Real> tile(static_cast<std::size_t>(b * b));
  collectively(comm, [&] {
    for (std::int64_t row = mine.begin; row < mine.end; ++row) {
      for (std::size_t k = 0; k < r;) {
        // A whole tile for all chosen samples of its panel; below the diagonal the transposed one.
        const std::int64_t column = chosen[k] / b;
        const bool turned = row > column;
        tiles.compute(turned ? column : row, turned ? row : column, tile.data());
        for (; k < r && chosen[k] / b == column; ++k) {
          const std::int64_t c = chosen[k] % b;
          for (std::int64_t i = 0; i < std::min(b, n_ - row * b); ++i) {
            const bool flip = turned || (row == column && i > c);
            b_[static_cast<std::size_t>(row * b + i - first_) +
               k * static_cast<std::size_t>(rows_)] =
                static_cast<double>(tile[static_cast<std::size_t>(flip ? c + i * b : i + c * b)]);
          }
        }
      }
    }
  });
  for (std::size_t j = 0; j < r; ++j) {
    for (std::size_t k = 0; k < r; ++k) {
      const std::int64_t at = chosen[j] - first_;
      if (at < 0 || at >= rows_) continue;
      corner[j + k * r] = b_[static_cast<std::size_t>(at) + k * static_cast<std::size_t>(rows_)];
    }
  }
  sum_over_ranks(comm, std::span<double>(corner));
  double trace = 0.0;
  for (const double value : diagonal) trace += value;
  const double mean = trace / static_cast<double>(n_);
  // Equal samples make K_SS singular: a little of its own scale keeps the factor.
  for (std::size_t j = 0; j < r; ++j) {
    corner[j + j * r] += 100.0 * static_cast<double>(rank) *
                         static_cast<double>(std::numeric_limits<Real>::epsilon()) * mean;
  }
  factor_or_throw(rank, corner);
  // B = K_:S U⁻¹.
  if (rows_ > 0) {
    cblas_dtrsm(CblasColMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit,
                narrow(rows_, "rows"), narrow(rank, "rank"), 1.0, corner.data(),
                narrow(rank, "rank"), b_.data(), narrow(rows_, "rows"));
  }
  core_.assign(r * r, 0.0);
  if (rows_ > 0) {
    blas::gemm(CblasTrans, CblasNoTrans, rank, rank, rows_, 1.0, b_.data(), rows_, b_.data(), rows_,
               0.0, core_.data(), rank);
  }
  sum_over_ranks(comm, std::span<double>(core_));
  double captured = 0.0;
  for (std::size_t j = 0; j < r; ++j) captured += core_[j + j * r];
  left_over_ = std::max(0.0, (trace - captured) / static_cast<double>(n_));
  scale_ = lambda + left_over_;
  if (scale_ <= 0.0) scale_ = std::numeric_limits<double>::epsilon() * std::max(mean, 1e-300);
  for (std::size_t j = 0; j < r; ++j) core_[j + j * r] += scale_;
  factor_or_throw(rank, core_);
}

void LowRankPreconditioner::apply(std::span<const double> in, std::span<double> out) const {
  const std::int64_t m = static_cast<std::int64_t>(in.size()) / n_;
  std::vector<double> small(static_cast<std::size_t>(rank_ * m), 0.0);
  if (rows_ > 0) {
    blas::gemm(CblasTrans, CblasNoTrans, rank_, m, rows_, 1.0, b_.data(), rows_, in.data() + first_,
               n_, 0.0, small.data(), rank_);
  }
  sum_over_ranks(*comm_, std::span<double>(small));
  blas::solve_triangle(CblasTrans, rank_, m, core_.data(), rank_, small.data(), rank_);
  blas::solve_triangle(CblasNoTrans, rank_, m, core_.data(), rank_, small.data(), rank_);
  std::vector<double> part(static_cast<std::size_t>(rows_ * m));
  if (rows_ > 0) {
    blas::gemm(CblasNoTrans, CblasNoTrans, rows_, m, rank_, 1.0, b_.data(), rows_, small.data(),
               rank_, 0.0, part.data(), rows_);
  }
  std::fill(out.begin(), out.end(), 0.0);
  for (std::int64_t c = 0; c < m; ++c) {
    for (std::int64_t i = 0; i < rows_; ++i) {
      const auto at = static_cast<std::size_t>(first_ + i + c * n_);
      out[at] = (in[at] - part[static_cast<std::size_t>(i + c * rows_)]) / scale_;
    }
  }
  sum_over_ranks(*comm_, out);
}

template LowRankPreconditioner::LowRankPreconditioner(const Communicator&,
                                                      const KernelTiles<float>&,
                                                      std::span<const double>, double,
                                                      std::int64_t);
template LowRankPreconditioner::LowRankPreconditioner(const Communicator&,
                                                      const KernelTiles<double>&,
                                                      std::span<const double>, double,
                                                      std::int64_t);

}  // namespace thalweg
