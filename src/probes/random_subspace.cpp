#include "probes/random_subspace.hpp"

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

RandomSubspace::RandomSubspace(const VectorSpace& space, std::int64_t p, std::uint64_t seed)
    : space_(&space),
      p_(p),
      blocks_(space.comm(), (space.dimension() + kVectorBlock - 1) / kVectorBlock),
      a_(static_cast<std::size_t>(space.slice().size() * p)) {
  if (p >= space.dimension()) {
    throw Error(fmt::format("random subspace: dimension {} is not below that of the space, {}", p,
                            space.dimension()));
  }
  for (std::int64_t block = blocks_.mine().begin; block < blocks_.mine().end; ++block) {
    Stream stream(seed, Purpose::sharpness_subspace, static_cast<std::uint64_t>(block));
    const Range rows = rows_of_block(block);
    for (std::int64_t i = rows.begin * p; i < rows.end * p; ++i) {
      a_[static_cast<std::size_t>(i)] = stream.normal();
    }
  }
  const auto gram = blocks_.all_sum_of(p * p, [&](std::int64_t block, std::span<double> sum) {
    const Range rows = rows_of_block(block);
    const double* a = a_.data() + rows.begin * p;
    gemm(true, false, p, p, rows.size(), 1.0, a, a, 0.0, sum.data());
  });
  const auto r = cholesky(gram, p);
  for (std::int64_t block = blocks_.mine().begin; block < blocks_.mine().end; ++block) {
    const Range rows = rows_of_block(block);
    const int columns = narrow(p, "subspace dimension");
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit,
                narrow(rows.size(), "block rows"), columns, 1.0, r.data(), columns,
                a_.data() + rows.begin * p, columns);
  }
}

Range RandomSubspace::rows_of_block(std::int64_t block) const {
  const std::int64_t begin = block * kVectorBlock - space_->slice().begin;
  return {begin, std::min(begin + kVectorBlock, space_->slice().size())};
}

std::vector<double> RandomSubspace::project(std::span<const double> x_slice) const {
  return blocks_.all_sum_of(p_, [&](std::int64_t block, std::span<double> sum) {
    const Range rows = rows_of_block(block);
    for (std::int64_t i = rows.begin; i < rows.end; ++i) {
      const double xi = x_slice[static_cast<std::size_t>(i)];
      const double* a = a_.data() + i * p_;
      for (std::int64_t j = 0; j < p_; ++j) {
        sum[static_cast<std::size_t>(j)] = std::fma(xi, a[j], sum[static_cast<std::size_t>(j)]);
      }
    }
  });
}

void RandomSubspace::lift(std::span<const double> z, std::span<double> slice) const {
  for (std::size_t i = 0; i < slice.size(); ++i) {
    slice[i] = block_dot(std::span<const double>(a_).subspan(i * z.size(), z.size()), z);
  }
}

}  // namespace thalweg
