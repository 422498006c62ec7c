#include "objectives/network_loss.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.hpp"

namespace thalweg {

template <class Real>
NetworkLoss<Real>::NetworkLoss(const Communicator& team, Network<Real> network,
                               const DataSet<Real>& data, LossKind loss)
    : team_(&team),
      network_(std::move(network)),
      data_(&data),
      loss_(loss),
      space_(team, network_.parameter_count()) {}

template <class Real>
void NetworkLoss<Real>::fetch(const DataSplit<Real>& split, Subset subset, Batch& batch) const {
  const Range rows = batch.layout.rows();
  batch.rows.resize(static_cast<std::size_t>(rows.size() * split.features()));
  batch.labels.resize(static_cast<std::size_t>(rows.size()));
  split.fetch(subset, rows, batch.rows, batch.labels);
  if (&split != &data_->train || labels_.empty()) return;
  for (std::int64_t i = rows.begin; i < rows.end; ++i) {
    batch.labels[static_cast<std::size_t>(i - rows.begin)] =
        labels_[static_cast<std::size_t>(subset[static_cast<std::size_t>(i)])];
  }
}

template <class Real>
void NetworkLoss<Real>::relabel_training(std::vector<std::int32_t> labels) {
  if (!labels.empty() && static_cast<std::int64_t>(labels.size()) != data_->train.size()) {
    throw Error(fmt::format("{} labels were given for {} training samples", labels.size(),
                            data_->train.size()));
  }
  labels_ = std::move(labels);
  whole_.erase(&data_->train);
}

template <class Real>
typename NetworkLoss<Real>::Batch& NetworkLoss<Real>::whole(const DataSplit<Real>& split,
                                                            Subset subset) {
  auto& entry = whole_[&split];
  std::vector<std::int64_t> samples(subset.begin(), subset.end());
  if (samples.empty()) {
    samples.resize(static_cast<std::size_t>(split.size()));
    std::iota(samples.begin(), samples.end(), 0);
  }
  if (!entry || entry->samples != samples || entry->layout.shard() != evaluation_shard_) {
    const auto count = static_cast<std::int64_t>(samples.size());
    entry = std::make_unique<Batch>(
        Batch{BatchLayout(*team_, count, evaluation_shard_), std::move(samples), {}, {}});
    fetch(split, entry->samples, *entry);
  }
  return *entry;
}

template <class Real>
Evaluation NetworkLoss<Real>::evaluation_of(Batch& batch, const Pass<Real>& pass,
                                            std::span<const Real> x, Real* d_out) {
  const Real* outputs = network_.forward(pass, x, batch.rows.data());
  const auto sums = batch.layout.reduction().all_sum(
      loss_of_shards(loss_, batch.layout, outputs, batch.labels, network_.outputs(), d_out), 2);
  const auto n = static_cast<double>(batch.layout.batch());
  return {sums[0] / n, sums[1] / n};
}

template <class Real>
double NetworkLoss<Real>::gradient_of(Batch& batch, const Pass<Real>& pass, std::span<const Real> x,
                                      std::span<Real> gradient_slice) {
  d_out_.resize(std::max(
      d_out_.size(), static_cast<std::size_t>(batch.layout.rows().size() * network_.outputs())));
  tree_.reset(batch.layout, space_.dimension());
  const double loss = evaluation_of(batch, pass, x, d_out_.data()).loss;
  network_.backward(pass, x, batch.rows.data(), d_out_, tree_);
  batch.layout.reduction().reduce_to_slices(space_, tree_.node_sums(), gradient_slice);
  return loss;
}

template <class Real>
double NetworkLoss<Real>::value(std::span<const Real> x, Subset subset) {
  return evaluate(x, data_->train, statistics_, subset).loss;
}

template <class Real>
Evaluation NetworkLoss<Real>::evaluate(std::span<const Real> x, const DataSplit<Real>& split,
                                       Statistics statistics, Subset subset) {
  Batch& batch = whole(split, subset);
  return evaluation_of(batch, {batch.layout, gemm_, statistics, false}, x, nullptr);
}

template <class Real>
Evaluation NetworkLoss<Real>::reestimate_statistics(std::span<const Real> x, Subset subset) {
  Batch& batch = whole(data_->train, subset);
  return evaluation_of(batch, {batch.layout, gemm_, Statistics::batch, true, 1.0}, x, nullptr);
}

template <class Real>
double NetworkLoss<Real>::gradient(std::span<const Real> x, Subset subset,
                                   std::span<Real> gradient_slice) {
  Batch& batch = whole(data_->train, subset);
  return gradient_of(batch, {batch.layout, gemm_, statistics_, false}, x, gradient_slice);
}

template <class Real>
double NetworkLoss<Real>::training_gradient(std::span<const Real> x, Subset batch_samples,
                                            std::span<Real> gradient_slice) {
  const auto size = static_cast<std::int64_t>(batch_samples.size());
  auto& entry = training_[size];
  if (!entry) {
    const std::int64_t shard = training_shard_ > 0 ? training_shard_ : default_shard(size);
    entry = std::make_unique<Batch>(Batch{BatchLayout(*team_, size, shard), {}, {}, {}});
  }
  fetch(data_->train, batch_samples, *entry);
  return gradient_of(*entry, {entry->layout, gemm_, Statistics::batch, true}, x, gradient_slice);
}

template <class Real>
void NetworkLoss<Real>::hessian_vector(std::span<const Real> x, std::span<const Real> v,
                                       Subset subset, std::span<Real> product_slice) {
  Batch& batch = whole(data_->train, subset);
  const Pass<Real> pass{batch.layout, gemm_, statistics_, false};
  const auto size = static_cast<std::size_t>(batch.layout.rows().size() * network_.outputs());
  d_out_.resize(std::max(d_out_.size(), size));
  r_d_out_.resize(std::max(r_d_out_.size(), size));
  tree_.reset(batch.layout, space_.dimension());
  const Real* in = batch.rows.data();
  const Real* outputs = network_.forward(pass, x, in);
  loss_of_shards(loss_, batch.layout, outputs, batch.labels, network_.outputs(), d_out_.data());
  const Real* r_outputs = network_.r_forward(pass, x, v, in);
  loss_r_backward(loss_, batch.layout, outputs, r_outputs, network_.outputs(), r_d_out_.data());
  network_.r_backward(pass, x, v, in, d_out_, r_d_out_, tree_);
  batch.layout.reduction().reduce_to_slices(space_, tree_.node_sums(), product_slice);
}

template class NetworkLoss<float>;
template class NetworkLoss<double>;

}  // namespace thalweg
