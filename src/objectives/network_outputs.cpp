#include <algorithm>
#include <numeric>

#include "models/tangent_gram.hpp"
#include "objectives/network_loss.hpp"

namespace thalweg {

template <class Real>
std::vector<Real> NetworkLoss<Real>::gathered(const Batch& batch, const Real* rows) const {
  const std::int64_t width = network_.outputs();
  std::vector<Real> all(static_cast<std::size_t>(batch.layout.batch() * width));
  std::vector<std::int64_t> counts;
  const Partition shards(batch.layout.reduction().leaves(), team_->size());
  for (int rank = 0; rank < team_->size(); ++rank) {
    const Range owned = shards.of(rank);
    const std::int64_t begin = std::min(owned.begin * batch.layout.shard(), batch.layout.batch());
    const std::int64_t end = std::min(owned.end * batch.layout.shard(), batch.layout.batch());
    counts.push_back((end - begin) * width);
  }
  const auto mine = static_cast<std::size_t>(batch.layout.rows().size() * width);
  team_->all_gather(std::span<const Real>(rows, mine), std::span<Real>(all),
                    std::span<const std::int64_t>(counts));
  return all;
}

template <class Real>
std::vector<Real> NetworkLoss<Real>::outputs(std::span<const Real> x, const DataSplit<Real>& split,
                                             Subset subset) {
  Batch& batch = whole(split, subset);
  return gathered(
      batch, network_.forward({batch.layout, gemm_, statistics_, false}, x, batch.rows.data()));
}

template <class Real>
std::vector<Real> NetworkLoss<Real>::jacobian_product(std::span<const Real> x,
                                                      std::span<const Real> v, Subset subset) {
  Batch& batch = whole(data_->train, subset);
  const Pass<Real> pass{batch.layout, gemm_, statistics_, false};
  network_.forward(pass, x, batch.rows.data());
  return gathered(batch, network_.r_forward(pass, x, v, batch.rows.data()));
}

template <class Real>
void NetworkLoss<Real>::transposed_jacobian_product(std::span<const Real> x,
                                                    std::span<const Real> u, Subset subset,
                                                    std::span<Real> slice) {
  Batch& batch = whole(data_->train, subset);
  const Pass<Real> pass{batch.layout, gemm_, statistics_, false};
  const Range rows = batch.layout.rows();
  const std::int64_t width = network_.outputs();
  d_out_.resize(std::max(d_out_.size(), static_cast<std::size_t>(rows.size() * width)));
  std::copy(u.begin() + rows.begin * width, u.begin() + rows.end * width, d_out_.begin());
  tree_.reset(batch.layout, space_.dimension());
  network_.forward(pass, x, batch.rows.data());
  network_.backward(pass, x, batch.rows.data(), d_out_, tree_);
  batch.layout.reduction().reduce_to_slices(space_, tree_.node_sums(), slice);
}

template <class Real>
std::vector<Real> NetworkLoss<Real>::tangent_kernel(std::span<const Real> x, Subset subset) {
  std::vector<std::int64_t> samples(subset.begin(), subset.end());
  if (samples.empty()) {
    samples.resize(static_cast<std::size_t>(data_->train.size()));
    std::iota(samples.begin(), samples.end(), 0);
  }
  const auto n = static_cast<std::int64_t>(samples.size());
  AlignedVector<Real> rows(static_cast<std::size_t>(n * data_->train.features()));
  std::vector<std::int32_t> labels(samples.size());
  data_->train.fetch(samples, {0, n}, rows, labels);
  TangentKernel<Real> kernel(network_, x, statistics_, TangentMethod::cheapest,
                             TangentOutputs::mean);
  const std::span<const Real> all(rows);
  return tangent_gram(*team_, kernel, all, all);
}

template <class Real>
std::vector<Real> NetworkLoss<Real>::targets(Subset subset) {
  const auto labels = training_labels();
  const auto classes = static_cast<std::size_t>(network_.outputs());
  const std::size_t n = subset.empty() ? labels.size() : subset.size();
  std::vector<Real> y(n * classes, static_cast<Real>(-1.0 / static_cast<double>(classes)));
  for (std::size_t i = 0; i < n; ++i) {
    const auto sample = subset.empty() ? i : static_cast<std::size_t>(subset[i]);
    y[i * classes + static_cast<std::size_t>(labels[sample])] += Real{1};
  }
  return y;
}

// The rest of the class is instantiated where it stands.
template std::vector<float> NetworkLoss<float>::gathered(const Batch&, const float*) const;
template std::vector<float> NetworkLoss<float>::outputs(std::span<const float>,
                                                        const DataSplit<float>&, Subset);
template std::vector<float> NetworkLoss<float>::jacobian_product(std::span<const float>,
                                                                 std::span<const float>, Subset);
template void NetworkLoss<float>::transposed_jacobian_product(std::span<const float>,
                                                              std::span<const float>, Subset,
                                                              std::span<float>);
template std::vector<float> NetworkLoss<float>::tangent_kernel(std::span<const float>, Subset);
template std::vector<float> NetworkLoss<float>::targets(Subset);
template std::vector<double> NetworkLoss<double>::gathered(const Batch&, const double*) const;
template std::vector<double> NetworkLoss<double>::outputs(std::span<const double>,
                                                          const DataSplit<double>&, Subset);
template std::vector<double> NetworkLoss<double>::jacobian_product(std::span<const double>,
                                                                   std::span<const double>, Subset);
template void NetworkLoss<double>::transposed_jacobian_product(std::span<const double>,
                                                               std::span<const double>, Subset,
                                                               std::span<double>);
template std::vector<double> NetworkLoss<double>::tangent_kernel(std::span<const double>, Subset);
template std::vector<double> NetworkLoss<double>::targets(Subset);

}  // namespace thalweg
