#include <algorithm>
#include <utility>

#include "base/ordered_sum.hpp"
#include "objectives/network/network_loss.hpp"

namespace thalweg {

namespace {

/// ‖gradient − centre‖² in float64, in vector blocks along the canonical tree: the order in which
/// VectorSpace::dot adds.
template <class Real>
double squared_distance(std::span<const Real> gradient, std::span<const Real> centre) {
  constexpr auto block = static_cast<std::size_t>(kVectorBlock);
  std::vector<double> sums;
  std::vector<Real> gap(block);
  for (std::size_t at = 0; at < gradient.size(); at += block) {
    const std::size_t n = std::min(block, gradient.size() - at);
    for (std::size_t i = 0; i < n; ++i) {
      gap[i] = gradient[at + i] - (centre.empty() ? Real{0} : centre[at + i]);
    }
    const auto part = std::span<const Real>(gap).first(n);
    sums.push_back(block_dot(part, part));
  }
  return tree_sum(sums);
}

}  // namespace

template <class Real>
std::vector<double> NetworkLoss<Real>::squared_gradient_distances(std::span<const Real> x,
                                                                  std::span<const Real> centre,
                                                                  Subset subset) {
  if (network_.mixes_samples(statistics_)) {
    throw ConfigurationError(
        "gradients of single samples: batch norm over the batch makes a sample's output depend on "
        "the others; expected statistics = \"frozen\" or batch_norm = \"none\"");
  }
  const auto samples = stated_samples(subset, sample_count());
  const auto n = static_cast<std::int64_t>(samples.size());
  const Partition parts(n, team_->size());
  const Range mine = parts.of(team_->rank());
  AlignedVector<Real> rows(static_cast<std::size_t>(mine.size() * split().features()));
  std::vector<std::int32_t> own(static_cast<std::size_t>(mine.size()));
  split().fetch(samples, mine, rows, own);
  const auto of_all = labels();  // those in place of the data's own, where there are any

  // One-sample batches of this rank alone: a sample's bits do not depend on whose it is.
  const BatchLayout alone(alone_, 1, 1);
  const Pass<Real> pass{alone, gemm_, statistics_, false};
  GradientTree<Real> tree;
  AlignedVector<Real> d_out;
  std::vector<double> distances(samples.size());
  collectively(*team_, [&] {
    for (std::int64_t k = 0; k < mine.size(); ++k) {
      const Real* row = rows.data() + k * split().features();
      const auto sample = samples[static_cast<std::size_t>(mine.begin + k)];
      const auto label = of_all.subspan(static_cast<std::size_t>(sample), 1);
      d_out.resize(static_cast<std::size_t>(network_.outputs()));
      tree.reset(alone, space_.dimension());
      const Real* outputs = network_.forward(pass, x, row);
      loss_of_shards(loss_, alone, outputs, label, network_.outputs(), 1, d_out.data());
      network_.backward(pass, x, row, d_out.data(), tree);
      distances[static_cast<std::size_t>(mine.begin + k)] =
          squared_distance(std::span<const Real>(tree.node_sums().front()), centre);
    }
  });
  const auto counts = parts.counts();
  team_->all_gather_in_place(std::span(distances), std::span<const std::int64_t>(counts));
  return distances;
}

// The rest of the class is instantiated where it stands.
template std::vector<double> NetworkLoss<float>::squared_gradient_distances(std::span<const float>,
                                                                            std::span<const float>,
                                                                            Subset);
template std::vector<double> NetworkLoss<double>::squared_gradient_distances(
    std::span<const double>, std::span<const double>, Subset);

}  // namespace thalweg
