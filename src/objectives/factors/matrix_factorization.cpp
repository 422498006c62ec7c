#include "objectives/factors/matrix_factorization.hpp"

#include <utility>

#include "base/error.hpp"
#include "models/matrix_shard.hpp"

namespace thalweg {

template <class Real>
MatrixFactorization<Real>::MatrixFactorization(const Communicator& team, FactorChain chain,
                                               std::int64_t shard)
    : team_(&team),
      chain_(std::move(chain)),
      space_(team, chain_.parameters()),
      layout_(team, chain_.rows(), shard),
      pass_(chain_, layout_, gemm_) {}

template <class Real>
MatrixFactorization<Real>::MatrixFactorization(const Communicator& team, const FactorChain& chain,
                                               MatrixEntries entries, ResidualLoss loss)
    : MatrixFactorization(team, chain, matrix_shard(chain.rows())) {
  observations_ = observe_entries<Real>(layout_, chain_.columns(), std::move(entries), loss);
  require_some();
}

template <class Real>
MatrixFactorization<Real>::MatrixFactorization(const Communicator& team, const FactorChain& chain,
                                               Measurements measurements, ResidualLoss loss)
    : MatrixFactorization(team, chain, chain.rows()) {
  observations_ =
      observe_measurements<Real>(layout_, chain_.columns(), std::move(measurements), loss);
  require_some();
}

template <class Real>
void MatrixFactorization<Real>::require_some() const {
  if (observations_->size() == 0) throw Error("a matrix of which nothing was observed has no loss");
}

template <class Real>
std::size_t MatrixFactorization<Real>::outputs() const {
  return static_cast<std::size_t>(layout_.rows().size() * chain_.columns());
}

/// This rank's rows of W, in `derivative_` unless they are parameters.
template <class Real>
const Real* MatrixFactorization<Real>::product(std::span<const Real> x) {
  derivative_.resize(outputs());
  if (chain_.depth() == 1) return x.data() + layout_.rows().begin * chain_.columns();
  const int last = chain_.depth();
  hidden_ = pass_.forward(x);
  gemm_.rows_times(layout_, hidden_, x.data() + chain_.offset(last), true, derivative_.data(),
                   chain_.columns(), chain_.size(last - 1));
  return derivative_.data();
}

template <class Real>
double MatrixFactorization<Real>::loss(const Real* product) {
  const auto of_shards = observations_->derivative(product, derivative_.data());
  return layout_.reduction().all_sum(of_shards, 1).front();
}

template <class Real>
double MatrixFactorization<Real>::value(std::span<const Real> x, Subset subset) {
  observations_->select(subset);
  return loss(product(x));
}

template <class Real>
void MatrixFactorization<Real>::begin(std::span<Real> slice) {
  if (team_->size() == 1) {
    tree_.reset_root(layout_, slice);
  } else {
    tree_.reset(layout_, chain_.parameters());
  }
}

template <class Real>
void MatrixFactorization<Real>::finish(std::span<Real> slice) {
  if (team_->size() > 1) layout_.reduction().reduce_to_slices(space_, tree_.node_sums(), slice);
}

template <class Real>
double MatrixFactorization<Real>::gradient(std::span<const Real> x, Subset subset,
                                           std::span<Real> gradient_slice) {
  observations_->select(subset);
  const double value = loss(product(x));
  begin(gradient_slice);
  const int last = chain_.depth();
  const std::int64_t m = chain_.columns();
  if (last == 1) {
    pass_.backward(x, derivative_, tree_);
  } else {
    const std::int64_t n = chain_.size(last - 1);
    tree_.accumulate(chain_.offset(last), m * n, [&](std::int64_t shard, Real* target, bool add) {
      const Range rows = layout_.local_rows_of(shard);
      gemm_.outer(rows.size(), derivative_.data() + rows.begin * m, hidden_ + rows.begin * n,
                  target, m, n, add);
    });
    back_.resize(static_cast<std::size_t>(layout_.rows().size() * n));
    gemm_.rows_times(layout_, derivative_.data(), x.data() + chain_.offset(last), false,
                     back_.data(), n, m);
    pass_.backward(x, back_, tree_);
  }
  finish(gradient_slice);
  return value;
}

template <class Real>
void MatrixFactorization<Real>::hessian_vector(std::span<const Real> x, std::span<const Real> v,
                                               Subset subset, std::span<Real> product_slice) {
  observations_->select(subset);
  const Real* w = product(x);
  const int last = chain_.depth();
  const std::int64_t m = chain_.columns();
  tangent_.resize(outputs());
  begin(product_slice);
  if (last == 1) {
    observations_->curvature(w, v.data() + layout_.rows().begin * m, tangent_.data());
    pass_.backward(x, tangent_, tree_);
    finish(product_slice);
    return;
  }
  const std::int64_t n = chain_.size(last - 1);
  const Real* factor = x.data() + chain_.offset(last);
  const Real* d_factor = v.data() + chain_.offset(last);
  const Real* d_hidden = pass_.tangent(x, v);
  gemm_.rows_times(layout_, d_hidden, factor, true, tangent_.data(), m, n);
  gemm_.rows_times(layout_, hidden_, d_factor, true, tangent_.data(), m, n, true);
  observations_->curvature(w, tangent_.data(), tangent_.data());
  static_cast<void>(observations_->derivative(w, derivative_.data()));
  pass_.outer_pair(chain_.offset(last), m, n, tangent_.data(), hidden_, derivative_.data(),
                   d_hidden, tree_);
  const auto size = static_cast<std::size_t>(layout_.rows().size() * n);
  back_.resize(size);
  back_tangent_.resize(size);
  gemm_.rows_times(layout_, tangent_.data(), factor, false, back_tangent_.data(), n, m);
  gemm_.rows_times(layout_, derivative_.data(), d_factor, false, back_tangent_.data(), n, m, true);
  gemm_.rows_times(layout_, derivative_.data(), factor, false, back_.data(), n, m);
  pass_.backward_tangent(x, v, back_, back_tangent_, tree_);
  finish(product_slice);
}

template class MatrixFactorization<float>;
template class MatrixFactorization<double>;

}  // namespace thalweg
