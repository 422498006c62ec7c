#include "probes/random_subspace.hpp"

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/blas_setup.hpp"
#include "base/ordered_sum.hpp"
#include "base/philox.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

namespace {

/// Upper triangular R with RᵀR = G, G p × p symmetric, row-major. Local.
std::vector<double> cholesky(std::vector<double> g, std::int64_t p) {
  for (std::int64_t i = 0; i < p; ++i) {
    for (std::int64_t j = i; j < p; ++j) {
      double sum = g[static_cast<std::size_t>(i * p + j)];
      for (std::int64_t k = 0; k < i; ++k) {
        sum -= g[static_cast<std::size_t>(k * p + i)] * g[static_cast<std::size_t>(k * p + j)];
      }
      if (i == j && !(sum > 0.0))
        throw Error("random subspace: its columns are linearly dependent");
      g[static_cast<std::size_t>(i * p + j)] =
          i == j ? std::sqrt(sum) : sum / g[static_cast<std::size_t>(i * p + i)];
    }
  }
  return g;
}

}  // namespace

RandomSubspace::RandomSubspace(const VectorSpace& space, std::int64_t p, std::uint64_t seed,
                               SubspaceColumns kind)
    : space_(&space),
      p_(p),
      blocks_(space.comm(), (space.dimension() + kVectorBlock - 1) / kVectorBlock),
      q_(static_cast<std::size_t>(space.slice().size() * p)) {
  if (p >= space.dimension()) {
    throw Error(fmt::format("random subspace: dimension {} is not below that of the space, {}", p,
                            space.dimension()));
  }
  for (std::int64_t block = blocks_.mine().begin; block < blocks_.mine().end; ++block) {
    Stream stream(seed, Purpose::sharpness_subspace, static_cast<std::uint64_t>(block));
    const Range rows = rows_of_block(block);
    for (std::int64_t i = rows.begin * p; i < rows.end * p; ++i) {
      q_[static_cast<std::size_t>(i)] = stream.normal();
    }
  }
  const auto gram = blocks_.all_sum_of(p * p, [&](std::int64_t block, std::span<double> sum) {
    const Range rows = rows_of_block(block);
    const double* q = q_.data() + rows.begin * p;
    gemm(true, false, p, p, rows.size(), 1.0, q, q, 0.0, sum.data());
  });
  auto r = cholesky(gram, p);
  for (std::int64_t block = blocks_.mine().begin; block < blocks_.mine().end; ++block) {
    const Range rows = rows_of_block(block);
    const int columns = narrow(p, "subspace dimension");
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit,
                narrow(rows.size(), "block rows"), columns, 1.0, r.data(), columns,
                q_.data() + rows.begin * p, columns);
  }
  if (kind == SubspaceColumns::gaussian) r_ = std::move(r);
}

Range RandomSubspace::rows_of_block(std::int64_t block) const {
  const std::int64_t begin = block * kVectorBlock - space_->slice().begin;
  return {begin, std::min(begin + kVectorBlock, space_->slice().size())};
}

std::vector<double> RandomSubspace::coordinates(std::span<const double> x_slice) const {
  return blocks_.all_sum_of(p_, [&](std::int64_t block, std::span<double> sum) {
    const Range rows = rows_of_block(block);
    for (std::int64_t i = rows.begin; i < rows.end; ++i) {
      const double xi = x_slice[static_cast<std::size_t>(i)];
      const double* q = q_.data() + i * p_;
      for (std::int64_t j = 0; j < p_; ++j) {
        sum[static_cast<std::size_t>(j)] = std::fma(xi, q[j], sum[static_cast<std::size_t>(j)]);
      }
    }
  });
}

std::vector<double> RandomSubspace::transposed(std::span<const double> x_slice) const {
  auto y = coordinates(x_slice);
  if (r_.empty()) return y;
  const int p = narrow(p_, "subspace dimension");
  cblas_dtrmv(CblasRowMajor, CblasUpper, CblasTrans, CblasNonUnit, p, r_.data(), p, y.data(), 1);
  return y;
}

std::vector<double> RandomSubspace::pseudo_inverse(std::span<const double> x_slice) const {
  auto y = coordinates(x_slice);
  if (r_.empty()) return y;
  const int p = narrow(p_, "subspace dimension");
  cblas_dtrsv(CblasRowMajor, CblasUpper, CblasNoTrans, CblasNonUnit, p, r_.data(), p, y.data(), 1);
  return y;
}

void RandomSubspace::lift(std::span<const double> z, std::span<double> slice) const {
  std::vector<double> y(z.begin(), z.end());
  if (!r_.empty()) {
    const int p = narrow(p_, "subspace dimension");
    cblas_dtrmv(CblasRowMajor, CblasUpper, CblasNoTrans, CblasNonUnit, p, r_.data(), p, y.data(),
                1);
  }
  for (std::size_t i = 0; i < slice.size(); ++i) {
    slice[i] = block_dot(std::span<const double>(q_).subspan(i * y.size(), y.size()),
                         std::span<const double>(y));
  }
}

}  // namespace thalweg
