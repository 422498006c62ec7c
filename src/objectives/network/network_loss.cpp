#include "objectives/network/network_loss.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.hpp"

namespace thalweg {

namespace {

/// A pass that keeps outputs alone stays near the caches.
constexpr std::int64_t kOutputsMemory = std::int64_t{64} << 20;

/// As many rows, a power of two up to 256, as leave half of that room. A shard decides the bits, so
/// this depends on the network alone.
template <class Real>
std::int64_t cached_rows(const Network<Real>& network) {
  using Holding = typename Network<Real>::Holding;
  std::int64_t rows = 256;
  while (rows > 8 && 2 * network.memory_bytes(rows, Holding::outputs) > kOutputsMemory) rows /= 2;
  return rows;
}

}  // namespace

template <class Real>
NetworkLoss<Real>::NetworkLoss(const Communicator& team, Network<Real> network,
                               const DataSet<Real>& data, LossKind loss)
    : team_(&team),
      alone_(Communicator::duplicate(MPI_COMM_SELF)),
      network_(std::move(network)),
      data_(&data),
      loss_(loss),
      space_(team, network_.parameter_count()),
      evaluation_shard_(cached_rows(network_)) {}

template <class Real>
void NetworkLoss<Real>::set_shards(std::int64_t training, std::int64_t evaluation) {
  training_shard_ = training;
  evaluation_shard_ = evaluation > 0 ? evaluation : cached_rows(network_);
}

template <class Real>
void NetworkLoss<Real>::limit_memory(std::int64_t bytes) {
  memory_ = bytes;
  linearised_over_ = nullptr;  // what was kept of a whole batch may now have to be cut
}

template <class Real>
std::int64_t NetworkLoss<Real>::training_shard(std::int64_t batch) const {
  if (training_shard_ > 0) return training_shard_;
  // Of a costly net few samples are work enough to hide what a shard costs besides: one pass over
  // the gradient.
  constexpr double enough = 4e9;
  constexpr std::int64_t least = 8;
  std::int64_t shard = default_shard(batch);
  while (shard >= 2 * least && 3.0 * network_.flops() * static_cast<double>(shard) > enough) {
    shard /= 2;
  }
  return shard;
}

template <class Real>
void NetworkLoss<Real>::fetch(const DataSplit<Real>& split, Subset subset, Batch& batch) const {
  const Range rows = batch.layout.rows();
  batch.rows.resize(static_cast<std::size_t>(rows.size() * split.features()));
  batch.labels.resize(static_cast<std::size_t>(rows.size()));
  split.fetch(subset, rows, batch.rows, batch.labels);
  if (!is_relabelled(split)) return;
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
void NetworkLoss<Real>::augment(Subset subset, const StepDraws& draws, Batch& batch) {
  const ImageShape shape = data_->train.shape();
  const auto features = static_cast<std::size_t>(shape.features());
  const auto samples = static_cast<std::uint64_t>(data_->train.size());
  scratch_.resize(std::max(scratch_.size(), features));
  const Range rows = batch.layout.rows();
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const auto sample = static_cast<std::uint64_t>(subset[static_cast<std::size_t>(row)]);
    Stream stream(draws.seed, Purpose::augmentation, draws.epoch * samples + sample);
    augment_image(augmentation_, shape, stream,
                  std::span(batch.rows)
                      .subspan(static_cast<std::size_t>(row - rows.begin) * features, features),
                  std::span(scratch_).first(features));
  }
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
    linearised_over_ = nullptr;
    entry.reset();  // before as much is taken again
    const auto count = static_cast<std::int64_t>(samples.size());
    auto fresh = std::make_unique<Batch>(
        Batch{BatchLayout(*team_, count, evaluation_shard_), std::move(samples), {}, {}});
    fetch(split, fresh->samples, *fresh);
    entry = std::move(fresh);
  }
  return *entry;
}

template <class Real>
std::int64_t NetworkLoss<Real>::shards_at_once(std::int64_t shard, Statistics statistics,
                                               typename Network<Real>::Holding holding) const {
  using Holding = typename Network<Real>::Holding;
  if (network_.mixes_shards(statistics)) return std::numeric_limits<std::int64_t>::max();
  const std::int64_t bytes = network_.memory_bytes(shard, holding);
  std::int64_t limit = memory_;
  if (holding == Holding::gradient) limit = memory_ / 2;
  if (holding == Holding::outputs) limit = std::min(memory_, kOutputsMemory);
  return std::max<std::int64_t>(1, limit / std::max<std::int64_t>(bytes, 1));
}

template <class Real>
void NetworkLoss<Real>::for_each_piece(const Batch& batch, std::int64_t shards,
                                       const std::function<void(const Piece&)>& compute) const {
  const BatchLayout& layout = batch.layout;
  if (layout.shards().size() <= shards) {
    compute({layout, 0, {}});
    return;
  }
  for (const auto& node : pieces_of(layout, shards)) {
    const auto [begin, end] = leaves_of(node, layout.reduction().leaves());
    const std::int64_t first = layout.local_rows_of(begin).begin;
    const std::int64_t rows = layout.local_rows_of(end - 1).end - first;
    compute({BatchLayout(alone_, rows, layout.shard()), first, node});
  }
}

template <class Real>
Pass<Real> NetworkLoss<Real>::pass_over(const Batch& batch, const Piece& piece,
                                        Statistics statistics) {
  Pass<Real> pass{piece.layout, gemm_, statistics};
  if (&piece.layout != &batch.layout) pass.first_row = batch.layout.rows().begin + piece.first_row;
  return pass;
}

template <class Real>
std::vector<double> NetworkLoss<Real>::loss_of(const Batch& batch, const Piece& piece,
                                               const Real* outputs, Real* d_out) const {
  return loss_of_shards(loss_, piece.layout, outputs,
                        std::span<const std::int32_t>(batch.labels)
                            .subspan(static_cast<std::size_t>(piece.first_row)),
                        network_.outputs(), batch.layout.batch(), d_out);
}

template <class Real>
Evaluation NetworkLoss<Real>::evaluation_of(Batch& batch, const Pass<Real>& settings,
                                            std::span<const Real> x) {
  using Holding = typename Network<Real>::Holding;
  std::vector<double> of_shards;
  const std::int64_t shards =
      updates_averages(settings)
          ? std::numeric_limits<std::int64_t>::max()
          : shards_at_once(batch.layout.shard(), settings.statistics, Holding::outputs);
  for_each_piece(batch, shards, [&](const Piece& piece) {
    Pass<Real> pass = pass_over(batch, piece, settings.statistics);
    pass.update_running = settings.update_running;
    pass.running_momentum = settings.running_momentum;
    const Real* rows = batch.rows.data() + piece.first_row * network_.inputs();
    const auto sums = loss_of(batch, piece, network_.forward(pass, x, rows), nullptr);
    of_shards.insert(of_shards.end(), sums.begin(), sums.end());
  });
  const auto sums = batch.layout.reduction().all_sum(of_shards, 2);
  const auto n = static_cast<double>(batch.layout.batch());
  return {sums[0] / n, sums[1] / n};
}

template <class Real>
void NetworkLoss<Real>::reduce_pieces(const Batch& batch, std::int64_t shards,
                                      std::span<Real> slice,
                                      const std::function<void(const Piece&)>& compute) {
  using Values = AlignedVector<Real>;
  const OrderedReduction& reduction = batch.layout.reduction();
  TreeSum<Values> sum(reduction.leaves());
  bool is_whole = false;
  const bool is_alone = team_->size() == 1;
  for_each_piece(batch, shards, [&](const Piece& piece) {
    is_whole = &piece.layout == &batch.layout;
    if (is_whole && is_alone) {
      tree_.reset_root(piece.layout, slice);
    } else {
      tree_.reset(piece.layout, space_.dimension());
    }
    compute(piece);
    if (is_whole) return;
    sum.push(piece.node, std::move(tree_.take_node_sums().front()),
             [](Values& left, const Values& right) {
               for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
             });
  });
  if (is_whole && is_alone) return;
  if (is_whole) {
    reduction.reduce_to_slices(space_, tree_.node_sums(), slice);
    return;
  }
  std::vector<Values> nodes;
  for (auto& [node, values] : sum.nodes()) nodes.push_back(std::move(values));
  reduction.reduce_to_slices(space_, std::span<const Values>(nodes), slice);
}

template <class Real>
double NetworkLoss<Real>::gradient_of(Batch& batch, Pass<Real> settings, std::span<const Real> x,
                                      std::span<Real> gradient_slice) {
  using Holding = typename Network<Real>::Holding;
  std::vector<double> of_shards;
  const std::int64_t shards =
      updates_averages(settings)
          ? std::numeric_limits<std::int64_t>::max()
          : shards_at_once(batch.layout.shard(), settings.statistics, Holding::gradient);
  reduce_pieces(batch, shards, gradient_slice, [&](const Piece& piece) {
    Pass<Real> pass = pass_over(batch, piece, settings.statistics);
    pass.update_running = settings.update_running;
    pass.draws = settings.draws;
    const Real* rows = batch.rows.data() + piece.first_row * network_.inputs();
    d_out_.resize(static_cast<std::size_t>(piece.layout.rows().size() * network_.outputs()));
    const auto sums = loss_of(batch, piece, network_.forward(pass, x, rows), d_out_.data());
    of_shards.insert(of_shards.end(), sums.begin(), sums.end());
    network_.backward(pass, x, rows, d_out_.data(), tree_);
  });
  return batch.layout.reduction().all_sum(of_shards, 2)[0] /
         static_cast<double>(batch.layout.batch());
}

template <class Real>
Evaluation NetworkLoss<Real>::evaluate(std::span<const Real> x, const DataSplit<Real>& split,
                                       Statistics statistics, Subset subset) {
  Batch& batch = whole(split, subset);
  return evaluation_of(batch, {batch.layout, gemm_, statistics}, x);
}

template <class Real>
Evaluation NetworkLoss<Real>::reestimate_statistics(std::span<const Real> x, Subset subset) {
  Batch& batch = whole(data_->train, subset);
  return evaluation_of(batch, {batch.layout, gemm_, Statistics::batch, true, 1.0}, x);
}

template <class Real>
double NetworkLoss<Real>::gradient(std::span<const Real> x, Subset subset,
                                   std::span<Real> gradient_slice) {
  Batch& batch = whole(split(), subset);
  return gradient_of(batch, {batch.layout, gemm_, statistics_}, x, gradient_slice);
}

template <class Real>
double NetworkLoss<Real>::training_gradient(std::span<const Real> x, Subset batch_samples,
                                            std::span<Real> gradient_slice,
                                            const StepDraws& draws) {
  const auto size = static_cast<std::int64_t>(batch_samples.size());
  const BatchLayout layout(*team_, size, training_shard(size));
  if (training_) {
    training_->layout = layout;
  } else {
    training_ = std::make_unique<Batch>(Batch{layout, {}, {}, {}});
  }
  fetch(data_->train, batch_samples, *training_);
  if (augmentation_.is_on()) augment(batch_samples, draws, *training_);
  Pass<Real> settings{training_->layout, gemm_, Statistics::batch, true};
  settings.draws = &draws;
  return gradient_of(*training_, settings, x, gradient_slice);
}

template <class Real>
bool NetworkLoss<Real>::is_linearised(const Batch& batch, std::span<const Real> x) const {
  return linearised_over_ == &batch && linearised_pass_ == network_.passes() &&
         linearised_with_ == statistics_ && linearised_at_.size() == x.size() &&
         std::memcmp(linearised_at_.data(), x.data(), x.size_bytes()) == 0;
}

template <class Real>
void NetworkLoss<Real>::hessian_vector(std::span<const Real> x, std::span<const Real> v,
                                       Subset subset, std::span<Real> product_slice) {
  using Holding = typename Network<Real>::Holding;
  Batch& batch = whole(split(), subset);
  const bool kept = is_linearised(batch, x);
  const std::int64_t shards = shards_at_once(batch.layout.shard(), statistics_, Holding::products);
  const Real* outputs = nullptr;
  reduce_pieces(batch, shards, product_slice, [&](const Piece& piece) {
    const Pass<Real> pass = pass_over(batch, piece, statistics_);
    const auto size = static_cast<std::size_t>(piece.layout.rows().size() * network_.outputs());
    const Real* in = batch.rows.data() + piece.first_row * network_.inputs();
    if (!kept) {
      d_out_.resize(size);
      outputs = network_.forward(pass, x, in);
      loss_of(batch, piece, outputs, d_out_.data());
      network_.keep_deltas(pass, x, in, d_out_.data());
    } else {
      outputs = network_.last_outputs();
    }
    r_d_out_.resize(size);
    const Real* r_outputs = network_.r_forward(pass, x, v, in);
    loss_r_backward(loss_, piece.layout, outputs, r_outputs, network_.outputs(),
                    batch.layout.batch(), r_d_out_.data());
    network_.r_backward(pass, x, v, in, d_out_.data(), r_d_out_.data(), tree_);
  });
  if (kept) return;
  // Kept only where the whole batch was one piece.
  linearised_over_ = batch.layout.shards().size() <= shards ? &batch : nullptr;
  linearised_at_.assign(x.begin(), x.end());
  linearised_with_ = statistics_;
  linearised_pass_ = network_.passes();
}

template class NetworkLoss<float>;
template class NetworkLoss<double>;

}  // namespace thalweg
