#include "objectives/factors/factor_pass.hpp"

#include <algorithm>

#include "base/ordered_sum.hpp"

namespace thalweg {

namespace {

template <class Real>
const Real* factor_at(const FactorChain& chain, std::span<const Real> x, int j) {
  return x.data() + chain.offset(j);
}

}  // namespace

template <class Real>
FactorPass<Real>::FactorPass(const FactorChain& chain, const BatchLayout& layout,
                             ShardGemm<Real>& gemm)
    : chain_(&chain), layout_(&layout), gemm_(&gemm) {
  const auto steps = static_cast<std::size_t>(std::max(0, chain.depth() - 2));
  hidden_.resize(steps);
  tangent_.resize(steps);
}

/// H_1 is W_1 itself.
template <class Real>
const Real* FactorPass<Real>::hidden(std::span<const Real> x, int j) const {
  if (j == 1) return x.data() + layout_->rows().begin * chain_->size(1);
  return hidden_[static_cast<std::size_t>(j) - 2].data();
}

template <class Real>
const Real* FactorPass<Real>::forward(std::span<const Real> x) {
  const int last = chain_->depth() - 1;
  for (int j = 2; j <= last; ++j) {
    auto& out = hidden_[static_cast<std::size_t>(j) - 2];
    out.resize(numbers(j));
    gemm_->rows_times(*layout_, hidden(x, j - 1), factor_at(*chain_, x, j), false, out.data(),
                      chain_->size(j), chain_->size(j - 1));
  }
  return hidden(x, last);
}

template <class Real>
const Real* FactorPass<Real>::tangent(std::span<const Real> x, std::span<const Real> v) {
  const int last = chain_->depth() - 1;
  const Real* before = v.data() + layout_->rows().begin * chain_->size(1);
  for (int j = 2; j <= last; ++j) {
    auto& out = tangent_[static_cast<std::size_t>(j) - 2];
    out.resize(numbers(j));
    gemm_->rows_times(*layout_, before, factor_at(*chain_, x, j), false, out.data(),
                      chain_->size(j), chain_->size(j - 1));
    gemm_->rows_times(*layout_, hidden(x, j - 1), factor_at(*chain_, v, j), false, out.data(),
                      chain_->size(j), chain_->size(j - 1), true);
    before = out.data();
  }
  return before;
}

/// leftᵀ · right over the rows of every shard, to factor j.
template <class Real>
void FactorPass<Real>::outer(int j, const Real* left, const Real* right,
                             GradientTree<Real>& gradient) {
  const std::int64_t m = chain_->size(j - 1);
  const std::int64_t n = chain_->size(j);
  gradient.accumulate(chain_->offset(j), m * n, [&](std::int64_t shard, Real* target, bool add) {
    const Range rows = layout_->local_rows_of(shard);
    gemm_->outer(rows.size(), left + rows.begin * m, right + rows.begin * n, target, m, n, add);
  });
}

/// Where a shard's contribution is to be added, its two terms are added as one number: the bits of
/// L + (a + b), which ranks that hold one shard each come to, are not those of (L + a) + b.
template <class Real>
void FactorPass<Real>::outer_pair(std::int64_t offset, std::int64_t m, std::int64_t n,
                                  const Real* a1, const Real* b1, const Real* a2, const Real* b2,
                                  GradientTree<Real>& product) {
  product.accumulate(offset, m * n, [&](std::int64_t shard, Real* target, bool add) {
    const Range rows = layout_->local_rows_of(shard);
    if (add) pair_.resize(static_cast<std::size_t>(m * n));
    Real* sum = add ? pair_.data() : target;
    gemm_->outer(rows.size(), a1 + rows.begin * m, b1 + rows.begin * n, sum, m, n, false);
    gemm_->outer(rows.size(), a2 + rows.begin * m, b2 + rows.begin * n, sum, m, n, true);
    if (!add) return;
    for (std::int64_t i = 0; i < m * n; ++i) target[i] += sum[i];
  });
}

template <class Real>
void FactorPass<Real>::backward(std::span<const Real> x, AlignedVector<Real>& e,
                                GradientTree<Real>& gradient) {
  for (int j = chain_->depth() - 1; j >= 2; --j) {
    outer(j, hidden(x, j - 1), e.data(), gradient);
    next_.resize(numbers(j - 1));
    gemm_->rows_times(*layout_, e.data(), factor_at(*chain_, x, j), true, next_.data(),
                      chain_->size(j - 1), chain_->size(j));
    std::swap(e, next_);
  }
  place_rows(e, gradient);
}

template <class Real>
void FactorPass<Real>::backward_tangent(std::span<const Real> x, std::span<const Real> v,
                                        AlignedVector<Real>& e, AlignedVector<Real>& d_e,
                                        GradientTree<Real>& product) {
  for (int j = chain_->depth() - 1; j >= 2; --j) {
    const std::int64_t m = chain_->size(j - 1);
    const std::int64_t n = chain_->size(j);
    const Real* before = j == 2 ? v.data() + layout_->rows().begin * chain_->size(1)
                                : tangent_[static_cast<std::size_t>(j) - 3].data();
    outer_pair(chain_->offset(j), m, n, before, e.data(), hidden(x, j - 1), d_e.data(), product);
    next_.resize(numbers(j - 1));
    gemm_->rows_times(*layout_, d_e.data(), factor_at(*chain_, x, j), true, next_.data(), m, n);
    gemm_->rows_times(*layout_, e.data(), factor_at(*chain_, v, j), true, next_.data(), m, n, true);
    std::swap(d_e, next_);
    next_.resize(numbers(j - 1));
    gemm_->rows_times(*layout_, e.data(), factor_at(*chain_, x, j), true, next_.data(), m, n);
    std::swap(e, next_);
  }
  place_rows(d_e, product);
}

/// Every row of W_1 belongs to one shard: a subtree has its own rows, and zeros for the others. A
/// negative zero would survive in the one subtree of a single rank and not in a sum of several.
template <class Real>
void FactorPass<Real>::place_rows(const AlignedVector<Real>& e,
                                  GradientTree<Real>& gradient) const {
  const std::int64_t width = chain_->size(1);
  const std::int64_t first = layout_->rows().begin;
  const auto& nodes = layout_->reduction().nodes();
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const auto [begin_leaf, end_leaf] = leaves_of(nodes[k], layout_->reduction().leaves());
    const std::int64_t begin = layout_->rows_of(begin_leaf).begin * width;
    const std::int64_t end = layout_->rows_of(end_leaf - 1).end * width;
    Real* target = gradient.targets()[k];
    std::fill(target, target + begin, Real{0});
    const Real* from = e.data() - first * width;
    for (std::int64_t i = begin; i < end; ++i) target[i] = from[i] + Real{0};
    std::fill(target + end, target + chain_->rows() * width, Real{0});
  }
}

template class FactorPass<float>;
template class FactorPass<double>;

}  // namespace thalweg
