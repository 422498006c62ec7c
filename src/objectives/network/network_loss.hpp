#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "data/augmentation.hpp"
#include "data/data_set.hpp"
#include "data/half.hpp"
#include "models/loss.hpp"
#include "models/network.hpp"
#include "objectives/network/accuracy.hpp"
#include "objectives/network/model_outputs.hpp"
#include "objectives/network/pieces.hpp"
#include "objectives/network/sample_gradients.hpp"
#include "objectives/objective.hpp"
#include "objectives/parameter_layout.hpp"

namespace thalweg {

/// The mean loss of a network over training samples, or over test samples (`set_half`).
///
/// Without `training`, batch norm takes its statistics as `set_statistics` says: those of the
/// evaluated set (one function of the parameters, the default) or the frozen running averages.
/// evaluate_… (accuracies and the losses of a trajectory) always use the running averages, as at
/// test time.
template <class Real>
class NetworkLoss final : public Objective<Real>,
                          public Accuracy<Real>,
                          public ModelOutputs<Real>,
                          public SampleGradients<Real>,
                          public ParameterLayout {
 public:
  NetworkLoss(const Communicator& team, Network<Real> network, const DataSet<Real>& data,
              LossKind loss);

  [[nodiscard]] const VectorSpace& space() const override { return space_; }
  [[nodiscard]] std::int64_t sample_count() const override { return split().size(); }
  [[nodiscard]] Network<Real>& network() { return network_; }
  /// From here on these are the training samples' labels, in every function about training samples;
  /// none: the data set's own again. Local. Throws Error where their number is not that of the
  /// training samples.
  void relabel_training(std::vector<std::int32_t> labels);
  /// From here on every function of the objective and of its capabilities is about this half, from
  /// which a subset's numbers count; the training half at first. Training steps, evaluate(…) of a
  /// stated split and reestimate_statistics(…) stay as they are. Local.
  void set_half(Half half) { half_ = half; }
  void set_statistics(Statistics statistics) { statistics_ = statistics; }
  /// Rows of a shard in training steps and in evaluations of whole sets; 0: training_shard() of the
  /// batch, and as many as fit a cache.
  void set_shards(std::int64_t training, std::int64_t evaluation);
  /// Rows of a shard of a training batch. Local.
  [[nodiscard]] std::int64_t training_shard(std::int64_t batch) const;
  /// Rows of a shard in evaluations of whole sets. Local.
  [[nodiscard]] std::int64_t evaluation_shard() const { return evaluation_shard_; }
  /// Bytes that a pass may hold on each rank besides the samples: products with the Hessian take as
  /// many, gradients half of them, outputs alone at most 64 MiB, and a batch that needs more is cut
  /// into pieces, which changes no bit. No limit holds where all samples of a batch must be there
  /// at once: batch norm with the whole batch's statistics, and training steps of any batch norm.
  /// Local.
  void limit_memory(std::int64_t bytes);
  /// What a training step on so many samples makes this rank hold, besides parameters and the
  /// optimiser's state: r rows of inputs, activations, two arrays of the widest layer and outputs;
  /// with several ranks a gradient for each of this rank's subtrees of shards; a buffer of the
  /// widest layer a level above the second, and two where shards are added up; what the exchange
  /// takes. Collective.
  [[nodiscard]] std::int64_t step_bytes(std::int64_t batch) const;
  /// The same of the rank that holds most in a team of so many ranks, of one node or of several.
  /// Local.
  [[nodiscard]] std::int64_t step_bytes(std::int64_t batch, int ranks, bool one_node) const;
  /// What a pass over a set makes a rank hold that has so many rows of it: the rows, and the
  /// layers' arrays of as many as limit_memory leaves at once. Local.
  [[nodiscard]] std::int64_t pass_bytes(std::int64_t rows, Statistics statistics,
                                        typename Network<Real>::Holding holding) const;
  /// Applied to the samples of training steps.
  void set_augmentation(const Augmentation& augmentation) { augmentation_ = augmentation; }

  double value(std::span<const Real> x, Subset subset) override { return evaluate(x, subset).loss; }
  Evaluation evaluate(std::span<const Real> x, Subset subset) override {
    return evaluate(x, split(), statistics_, subset);
  }
  double gradient(std::span<const Real> x, Subset subset, std::span<Real> gradient_slice) override;
  void hessian_vector(std::span<const Real> x, std::span<const Real> v, Subset subset,
                      std::span<Real> product_slice) override;

  std::vector<Real> outputs(std::span<const Real> x, Subset subset) override {
    return outputs(x, split(), subset);
  }
  /// Of either set.
  std::vector<Real> outputs(std::span<const Real> x, const DataSplit<Real>& split, Subset subset);
  std::vector<Real> jacobian_product(std::span<const Real> x, std::span<const Real> v,
                                     Subset subset) override;
  void transposed_jacobian_product(std::span<const Real> x, std::span<const Real> u, Subset subset,
                                   std::span<Real> slice) override;
  std::vector<Real> tangent_kernel(std::span<const Real> x, Subset subset) override;
  std::vector<Real> targets(Subset subset) override;
  std::vector<Real> loss_derivatives(std::span<const Real> outputs, Subset subset) override;
  std::vector<Real> loss_curvature_products(std::span<const Real> outputs,
                                            std::span<const Real> directions) override;

  std::vector<double> squared_gradient_distances(std::span<const Real> x,
                                                 std::span<const Real> centre,
                                                 Subset subset) override;
  [[nodiscard]] std::vector<ParameterBlock> parameter_blocks() const override {
    return network_.parameters();
  }

  /// A training step's gradient: batch statistics, running averages updated, dropout and
  /// augmentation drawn. Collective.
  double training_gradient(std::span<const Real> x, Subset batch, std::span<Real> gradient_slice,
                           const StepDraws& draws = {});
  /// With the running averages. Collective.
  Evaluation evaluate(std::span<const Real> x, const DataSplit<Real>& split, Statistics statistics,
                      Subset subset = {});
  /// Loss on the training samples with their own statistics, which become the running averages: how
  /// a point that no training step has visited is made ready for evaluate(…, frozen). Collective.
  Evaluation reestimate_statistics(std::span<const Real> x, Subset subset = {});
  [[nodiscard]] const DataSet<Real>& data() const { return *data_; }

 private:
  /// The layout and this rank's gathered samples of a set.
  struct Batch {
    BatchLayout layout;
    std::vector<std::int64_t> samples;
    AlignedVector<Real> rows;
    std::vector<std::int32_t> labels;
  };
  /// A part of this rank's rows of a batch that is computed at once.
  struct Piece {
    const BatchLayout& layout;  ///< the team's, or of this rank alone
    std::int64_t first_row;     ///< within this rank's rows
    TreeNode node;              ///< of the batch's tree, where the layout is of this rank alone
  };
  /// What pass_of leaves of every piece (rows × outputs), of all samples on every rank.
  std::vector<Real> outputs_of(
      const Batch& batch, typename Network<Real>::Holding holding,
      const std::function<const Real*(const Pass<Real>&, const Real*)>& pass_of);
  std::vector<Real> gathered(const Batch& batch, const Real* rows) const;
  Batch& whole(const DataSplit<Real>& split, Subset subset);
  void fetch(const DataSplit<Real>& split, Subset subset, Batch& batch) const;
  void augment(Subset subset, const StepDraws& draws, Batch& batch);
  /// Does such a pass write running averages, which only a batch in one piece gives?
  [[nodiscard]] bool updates_averages(const Pass<Real>& settings) const {
    return settings.update_running && !network_.buffers().empty();
  }
  /// Shards that fit the memory of a pass; all of this rank's where layers need the whole batch.
  [[nodiscard]] std::int64_t shards_at_once(std::int64_t shard, Statistics statistics,
                                            typename Network<Real>::Holding holding) const;
  [[nodiscard]] std::int64_t step_bytes(std::int64_t rows, std::span<const TreeNode> nodes,
                                        bool alone, std::int64_t exchange) const;
  /// Calls compute(piece) for the pieces of the batch, one of them if all fits. Collective.
  void for_each_piece(const Batch& batch, std::int64_t shards,
                      const std::function<void(const Piece&)>& compute) const;
  [[nodiscard]] Pass<Real> pass_over(const Batch& batch, const Piece& piece, Statistics statistics);
  /// Sums over shards of what compute(piece, tree) leaves in the tree, as this rank's slice.
  void reduce_pieces(const Batch& batch, std::int64_t shards, std::span<Real> slice,
                     const std::function<void(const Piece&)>& compute);
  [[nodiscard]] const DataSplit<Real>& split() const {
    return half_ == Half::train ? data_->train : data_->test;
  }
  /// Whether labels were put in place of a split's own.
  [[nodiscard]] bool is_relabelled(const DataSplit<Real>& split) const {
    return &split == &data_->train && !labels_.empty();
  }
  /// Those of the half that the objective is about.
  [[nodiscard]] std::span<const std::int32_t> labels() const {
    return is_relabelled(split()) ? std::span<const std::int32_t>(labels_) : split().labels();
  }
  double gradient_of(Batch& batch, Pass<Real> settings, std::span<const Real> x,
                     std::span<Real> gradient_slice);
  Evaluation evaluation_of(Batch& batch, const Pass<Real>& settings, std::span<const Real> x);
  /// The sums that loss_of_shards gives of one piece, after a forward pass.
  std::vector<double> loss_of(const Batch& batch, const Piece& piece, const Real* outputs,
                              Real* d_out) const;
  /// Is the network in the state that a product with the Hessian at x left?
  [[nodiscard]] bool is_linearised(const Batch& batch, std::span<const Real> x) const;

  const Communicator* team_;
  Communicator alone_;  ///< this rank
  Network<Real> network_;
  const DataSet<Real>* data_;
  LossKind loss_;
  std::vector<std::int32_t> labels_;  // in place of the training set's; empty: those
  VectorSpace space_;
  Half half_ = Half::train;
  Statistics statistics_ = Statistics::batch;
  std::int64_t training_shard_ = 0;
  std::int64_t evaluation_shard_ = 0;
  std::int64_t memory_ = std::int64_t{2} << 30;
  Augmentation augmentation_;
  ShardGemm<Real> gemm_;
  GradientTree<Real> tree_;
  AlignedVector<Real> d_out_;
  AlignedVector<Real> r_d_out_;
  AlignedVector<Real> scratch_;
  // Where and over which batch activations and derivatives were kept for products, and what
  // network().passes() was then.
  std::vector<Real> linearised_at_;
  const Batch* linearised_over_ = nullptr;
  Statistics linearised_with_ = Statistics::batch;
  std::uint64_t linearised_pass_ = 0;
  std::unique_ptr<Batch> training_;                      // the last step's: buffers are reused
  std::map<const void*, std::unique_ptr<Batch>> whole_;  // by split: the last subset evaluated
};

}  // namespace thalweg
