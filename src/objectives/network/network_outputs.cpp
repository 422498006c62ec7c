#include <algorithm>

#include "models/tangent_gram.hpp"
#include "objectives/network/network_loss.hpp"

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
  return outputs_of(
      batch, Network<Real>::Holding::outputs,
      [&](const Pass<Real>& pass, const Real* in) { return network_.forward(pass, x, in); });
}

template <class Real>
std::vector<Real> NetworkLoss<Real>::jacobian_product(std::span<const Real> x,
                                                      std::span<const Real> v, Subset subset) {
  Batch& batch = whole(split(), subset);
  return outputs_of(batch, Network<Real>::Holding::products,
                    [&](const Pass<Real>& pass, const Real* in) {
                      network_.forward(pass, x, in);
                      return network_.r_forward(pass, x, v, in);
                    });
}

template <class Real>
std::vector<Real> NetworkLoss<Real>::outputs_of(
    const Batch& batch, typename Network<Real>::Holding holding,
    const std::function<const Real*(const Pass<Real>&, const Real*)>& pass_of) {
  const std::int64_t width = network_.outputs();
  std::vector<Real> mine(static_cast<std::size_t>(batch.layout.rows().size() * width));
  for_each_piece(
      batch, shards_at_once(batch.layout.shard(), statistics_, holding), [&](const Piece& piece) {
        const Real* found = pass_of(pass_over(batch, piece, statistics_),
                                    batch.rows.data() + piece.first_row * network_.inputs());
        std::copy_n(found, piece.layout.rows().size() * width,
                    mine.data() + piece.first_row * width);
      });
  return gathered(batch, mine.data());
}

template <class Real>
void NetworkLoss<Real>::transposed_jacobian_product(std::span<const Real> x,
                                                    std::span<const Real> u, Subset subset,
                                                    std::span<Real> slice) {
  Batch& batch = whole(split(), subset);
  const std::int64_t first = batch.layout.rows().begin;
  reduce_pieces(
      batch, shards_at_once(batch.layout.shard(), statistics_, Network<Real>::Holding::gradient),
      slice, [&](const Piece& piece) {
        const Pass<Real> pass = pass_over(batch, piece, statistics_);
        const Real* in = batch.rows.data() + piece.first_row * network_.inputs();
        network_.forward(pass, x, in);
        network_.backward(pass, x, in, u.data() + (first + piece.first_row) * network_.outputs(),
                          tree_);
      });
}

template <class Real>
std::vector<Real> NetworkLoss<Real>::tangent_kernel(std::span<const Real> x, Subset subset) {
  const auto samples = stated_samples(subset, sample_count());
  const auto n = static_cast<std::int64_t>(samples.size());
  AlignedVector<Real> rows(static_cast<std::size_t>(n * split().features()));
  std::vector<std::int32_t> unused(samples.size());
  split().fetch(samples, {0, n}, rows, unused);
  TangentKernel<Real> kernel(network_, x, statistics_, TangentMethod::cheapest,
                             TangentOutputs::mean);
  const std::span<const Real> all(rows);
  return tangent_gram(*team_, kernel, all, all);
}

template <class Real>
std::vector<Real> NetworkLoss<Real>::targets(Subset subset) {
  const auto of_all = labels();
  const auto classes = static_cast<std::size_t>(network_.outputs());
  const std::size_t n = subset.empty() ? of_all.size() : subset.size();
  std::vector<Real> y(n * classes, static_cast<Real>(-1.0 / static_cast<double>(classes)));
  for (std::size_t i = 0; i < n; ++i) {
    const auto sample = subset.empty() ? i : static_cast<std::size_t>(subset[i]);
    y[i * classes + static_cast<std::size_t>(of_all[sample])] += Real{1};
  }
  return y;
}

template <class Real>
std::vector<Real> NetworkLoss<Real>::loss_derivatives(std::span<const Real> outputs,
                                                      Subset subset) {
  const auto of_all = labels();
  std::vector<std::int32_t> stated;
  for (const std::int64_t sample : stated_samples(subset, sample_count())) {
    stated.push_back(of_all[static_cast<std::size_t>(sample)]);
  }
  const auto n = static_cast<std::int64_t>(stated.size());
  const BatchLayout alone(alone_, n, n);
  std::vector<Real> derivatives(outputs.size());
  loss_of_shards(loss_, alone, outputs.data(), std::span<const std::int32_t>(stated),
                 network_.outputs(), 1, derivatives.data());
  return derivatives;
}

template <class Real>
std::vector<Real> NetworkLoss<Real>::loss_curvature_products(std::span<const Real> outputs,
                                                             std::span<const Real> directions) {
  const auto n = static_cast<std::int64_t>(outputs.size()) / network_.outputs();
  const BatchLayout alone(alone_, n, n);
  std::vector<Real> products(outputs.size());
  loss_r_backward(loss_, alone, outputs.data(), directions.data(), network_.outputs(), 1,
                  products.data());
  return products;
}

// The rest of the class is instantiated where it stands.
template std::vector<float> NetworkLoss<float>::gathered(const Batch&, const float*) const;
template std::vector<float> NetworkLoss<float>::outputs_of(
    const Batch&, Network<float>::Holding,
    const std::function<const float*(const Pass<float>&, const float*)>&);
template std::vector<float> NetworkLoss<float>::outputs(std::span<const float>,
                                                        const DataSplit<float>&, Subset);
template std::vector<float> NetworkLoss<float>::jacobian_product(std::span<const float>,
                                                                 std::span<const float>, Subset);
template void NetworkLoss<float>::transposed_jacobian_product(std::span<const float>,
                                                              std::span<const float>, Subset,
                                                              std::span<float>);
template std::vector<float> NetworkLoss<float>::tangent_kernel(std::span<const float>, Subset);
template std::vector<float> NetworkLoss<float>::targets(Subset);
template std::vector<float> NetworkLoss<float>::loss_derivatives(std::span<const float>, Subset);
template std::vector<float> NetworkLoss<float>::loss_curvature_products(std::span<const float>,
                                                                        std::span<const float>);
template std::vector<double> NetworkLoss<double>::gathered(const Batch&, const double*) const;
template std::vector<double> NetworkLoss<double>::outputs_of(
    const Batch&, Network<double>::Holding,
    const std::function<const double*(const Pass<double>&, const double*)>&);
template std::vector<double> NetworkLoss<double>::outputs(std::span<const double>,
                                                          const DataSplit<double>&, Subset);
template std::vector<double> NetworkLoss<double>::jacobian_product(std::span<const double>,
                                                                   std::span<const double>, Subset);
template void NetworkLoss<double>::transposed_jacobian_product(std::span<const double>,
                                                               std::span<const double>, Subset,
                                                               std::span<double>);
template std::vector<double> NetworkLoss<double>::tangent_kernel(std::span<const double>, Subset);
template std::vector<double> NetworkLoss<double>::targets(Subset);
template std::vector<double> NetworkLoss<double>::loss_derivatives(std::span<const double>, Subset);
template std::vector<double> NetworkLoss<double>::loss_curvature_products(std::span<const double>,
                                                                          std::span<const double>);

}  // namespace thalweg
