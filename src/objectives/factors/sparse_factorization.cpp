#include "objectives/factors/sparse_factorization.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/ordered_sum.hpp"
#include "models/matrix_shard.hpp"

namespace thalweg {

template <class Real>
SparseFactorization<Real>::SparseFactorization(const Communicator& team, FactorChain chain,
                                               MatrixEntries entries, ResidualLoss loss)
    : team_(&team),
      chain_(std::move(chain)),
      space_(team, chain_.parameters()),
      front_(team, chain_.offset(chain_.depth())),
      layout_(team, chain_.rows(), matrix_shard(chain_.rows())),
      entries_(std::move(entries)),
      loss_(loss),
      pass_(chain_, layout_, gemm_) {
  if (entries_.size() == 0) throw Error("a matrix of which nothing was observed has no loss");
}

template <class Real>
void SparseFactorization<Real>::select(Subset subset) {
  const bool same =
      selected_ && std::equal(subset.begin(), subset.end(), subset_.begin(), subset_.end());
  if (same) return;
  subset_.assign(subset.begin(), subset.end());
  selected_ = sparse_entries(entries_, chain_.rows(), chain_.columns(), subset);
  const std::int64_t count =
      subset.empty() ? entries_.size() : static_cast<std::int64_t>(subset.size());
  coefficient_ = loss_.coefficient(count, entries_.size());
}

template <class Real>
Range SparseFactorization<Real>::entries_of_rows(Range rows) const {
  return {selected_->row_begin[static_cast<std::size_t>(rows.begin)],
          selected_->row_begin[static_cast<std::size_t>(rows.end)]};
}

/// ⟨hidden of its row, x's column⟩; `hidden` has this rank's rows.
template <class Real>
double SparseFactorization<Real>::element(std::span<const Real> x, const Real* hidden,
                                          std::int64_t k) const {
  const std::int64_t row = selected_->row[static_cast<std::size_t>(k)];
  const std::int64_t column = selected_->column[static_cast<std::size_t>(k)];
  const std::int64_t n = inner();
  return sparse_dot(hidden + (row - layout_.rows().begin) * n,
                    x.data() + chain_.offset(chain_.depth()) + column * n, n);
}

/// The loss; leaves residuals and slopes of this rank's entries.
template <class Real>
double SparseFactorization<Real>::residuals(std::span<const Real> x) {
  if (chain_.depth() > 1) hidden_ = pass_.forward(x);
  const SparseEntries& all = *selected_;
  elements_.assign(static_cast<std::size_t>(all.size()), 0.0);
  slopes_.assign(static_cast<std::size_t>(all.size()), Real{0});
  std::vector<double> of_shards;
  for (std::int64_t shard = layout_.shards().begin; shard < layout_.shards().end; ++shard) {
    std::vector<double> losses;
    const Range entries = entries_of_rows(layout_.rows_of(shard));
    for (std::int64_t k = entries.begin; k < entries.end; ++k) {
      const auto i = static_cast<std::size_t>(k);
      const double w =
          chain_.depth() > 1
              ? element(x, hidden_, k)
              : static_cast<double>(
                    x[static_cast<std::size_t>(all.row[i] * chain_.columns() + all.column[i])]);
      const double r = w - all.target[i];
      const double weight = coefficient_ * all.weight[i];
      losses.push_back(weight * loss_.value(r));
      elements_[i] = r;
      slopes_[i] = static_cast<Real>(weight * loss_.slope(r));
    }
    of_shards.push_back(tree_sum(losses));
  }
  return layout_.reduction().all_sum(of_shards, 1).front();
}

template <class Real>
double SparseFactorization<Real>::value(std::span<const Real> x, Subset subset) {
  select(subset);
  return residuals(x);
}

template <class Real>
std::vector<Real> SparseFactorization<Real>::gather_rows(const Real* mine) const {
  std::vector<Real> all(static_cast<std::size_t>(chain_.rows() * inner()));
  std::vector<std::int64_t> counts;
  for (int rank = 0; rank < team_->size(); ++rank) {
    const Range leaves = Partition(layout_.reduction().leaves(), team_->size()).of(rank);
    const Range rows = leaves.size() == 0 ? Range{}
                                          : Range{layout_.rows_of(leaves.begin).begin,
                                                  layout_.rows_of(leaves.end - 1).end};
    counts.push_back(rows.size() * inner());
  }
  const auto size = static_cast<std::size_t>(layout_.rows().size() * inner());
  team_->all_gather(std::span<const Real>(mine, size), std::span<Real>(all),
                    std::span<const std::int64_t>(counts));
  return all;
}

/// Each rank's entries are a stretch of all; the others are added as zeros are.
template <class Real>
void SparseFactorization<Real>::gather_entries(std::vector<Real>& values) const {
  const Range mine = entries_of_rows(layout_.rows());
  const auto begin = values.begin() + mine.begin;
  const std::vector<Real> part(begin, begin + mine.size());
  values = team_->gather_all(std::span<const Real>(part));
}

/// Adds Σ_i values_ij · hidden_i to row j of the last factor, as far as it lies in this slice.
template <class Real>
void SparseFactorization<Real>::add_columns(std::span<Real> slice, const std::vector<Real>& values,
                                            const std::vector<Real>& hidden) const {
  const std::int64_t n = inner();
  const std::int64_t offset = chain_.offset(chain_.depth());
  const Range mine = space_.slice();
  const std::int64_t begin = std::max<std::int64_t>(0, mine.begin - offset);
  const std::int64_t end = mine.end - offset;
  for (std::int64_t at = begin; at < end;) {
    const std::int64_t column = at / n;
    const std::int64_t first = at - column * n;
    const std::int64_t last = std::min(n, end - column * n);
    Real* out = slice.data() + (offset + at - mine.begin);
    const auto c = static_cast<std::size_t>(column);
    for (std::int64_t p = selected_->column_begin[c]; p < selected_->column_begin[c + 1]; ++p) {
      const auto k = static_cast<std::size_t>(selected_->by_column[static_cast<std::size_t>(p)]);
      sparse_add(values[k], hidden.data() + selected_->row[k] * n + first, out, last - first);
    }
    at = column * n + last;
  }
}

/// Adds Σ_j values_ij · factor_j to row i of e, for this rank's rows.
template <class Real>
void SparseFactorization<Real>::rows_back(const Real* factor, const std::vector<Real>& values,
                                          AlignedVector<Real>& e) const {
  const std::int64_t n = inner();
  const Range rows = layout_.rows();
  const Range entries = entries_of_rows(rows);
  for (std::int64_t k = entries.begin; k < entries.end; ++k) {
    const auto i = static_cast<std::size_t>(k);
    sparse_add(values[i], factor + selected_->column[i] * n,
               e.data() + (selected_->row[i] - rows.begin) * n, n);
  }
}

/// Of a chain of one factor: the entries themselves are the gradient.
template <class Real>
void SparseFactorization<Real>::set_slice_of_entries(std::span<Real> slice,
                                                     const std::vector<Real>& values) const {
  std::fill(slice.begin(), slice.end(), Real{0});
  const Range mine = space_.slice();
  for (std::size_t k = 0; k < values.size(); ++k) {
    const std::int64_t at = selected_->row[k] * chain_.columns() + selected_->column[k];
    if (at >= mine.begin && at < mine.end) {
      slice[static_cast<std::size_t>(at - mine.begin)] = values[k];
    }
  }
}

template <class Real>
void SparseFactorization<Real>::begin(std::span<Real> slice) {
  std::fill(slice.begin(), slice.end(), Real{0});
  if (team_->size() == 1) {
    tree_.reset_root(layout_, slice);
  } else {
    tree_.reset(layout_, front_.dimension());
  }
}

/// The factors before the last: summed in slices of their own space, of which each rank takes what
/// lies in its slice of all.
template <class Real>
void SparseFactorization<Real>::finish(std::span<Real> slice) {
  if (team_->size() == 1) return;
  front_whole_.resize(static_cast<std::size_t>(front_.dimension()));
  layout_.reduction().reduce_to_slices(front_, tree_.node_sums(),
                                       front_.slice_of(std::span<Real>(front_whole_)));
  front_.gather_in_place(std::span<Real>(front_whole_));
  const Range mine = space_.slice();
  const std::int64_t end = std::min(mine.end, front_.dimension());
  for (std::int64_t i = mine.begin; i < end; ++i) {
    slice[static_cast<std::size_t>(i - mine.begin)] = front_whole_[static_cast<std::size_t>(i)];
  }
}

template <class Real>
double SparseFactorization<Real>::gradient(std::span<const Real> x, Subset subset,
                                           std::span<Real> gradient_slice) {
  select(subset);
  const double value = residuals(x);
  gather_entries(slopes_);
  if (chain_.depth() == 1) {
    set_slice_of_entries(gradient_slice, slopes_);
    return value;
  }
  begin(gradient_slice);
  add_columns(gradient_slice, slopes_, gather_rows(hidden_));
  back_.assign(static_cast<std::size_t>(layout_.rows().size() * inner()), Real{0});
  rows_back(x.data() + chain_.offset(chain_.depth()), slopes_, back_);
  pass_.backward(x, back_, tree_);
  finish(gradient_slice);
  return value;
}

template <class Real>
void SparseFactorization<Real>::hessian_vector(std::span<const Real> x, std::span<const Real> v,
                                               Subset subset, std::span<Real> product_slice) {
  select(subset);
  static_cast<void>(residuals(x));
  const SparseEntries& all = *selected_;
  const Real* d_hidden = chain_.depth() > 1 ? pass_.tangent(x, v) : nullptr;
  std::vector<Real> bends(static_cast<std::size_t>(all.size()), Real{0});
  const Range mine = entries_of_rows(layout_.rows());
  for (std::int64_t k = mine.begin; k < mine.end; ++k) {
    const auto i = static_cast<std::size_t>(k);
    const double change =
        chain_.depth() > 1
            ? element(x, d_hidden, k) + element(v, hidden_, k)
            : static_cast<double>(
                  v[static_cast<std::size_t>(all.row[i] * chain_.columns() + all.column[i])]);
    bends[i] =
        static_cast<Real>(coefficient_ * all.weight[i] * loss_.curvature(elements_[i]) * change);
  }
  gather_entries(bends);
  if (chain_.depth() == 1) {
    set_slice_of_entries(product_slice, bends);
    return;
  }
  gather_entries(slopes_);
  begin(product_slice);
  add_columns(product_slice, bends, gather_rows(hidden_));
  add_columns(product_slice, slopes_, gather_rows(d_hidden));
  const auto size = static_cast<std::size_t>(layout_.rows().size() * inner());
  const std::int64_t last = chain_.offset(chain_.depth());
  back_.assign(size, Real{0});
  back_tangent_.assign(size, Real{0});
  rows_back(x.data() + last, slopes_, back_);
  rows_back(x.data() + last, bends, back_tangent_);
  rows_back(v.data() + last, slopes_, back_tangent_);
  pass_.backward_tangent(x, v, back_, back_tangent_, tree_);
  finish(product_slice);
}

template class SparseFactorization<float>;
template class SparseFactorization<double>;

}  // namespace thalweg
