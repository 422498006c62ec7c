#pragma once

#include <map>
#include <memory>
#include <vector>

#include "data/data_set.hpp"
#include "models/loss.hpp"
#include "models/network.hpp"
#include "objectives/model_outputs.hpp"
#include "objectives/objective.hpp"

namespace thalweg {

/// The mean loss of a network over training samples.
///
/// Without `training`, batch norm takes its statistics as `set_statistics` says: those of the
/// evaluated set (one function of the parameters, the default) or the frozen running averages.
/// evaluate_… (accuracies and the losses of a trajectory) always use the running averages, as at
/// test time.
template <class Real>
class NetworkLoss final : public Objective<Real>, public ModelOutputs<Real> {
 public:
  NetworkLoss(const Communicator& team, Network<Real> network, const DataSet<Real>& data,
              LossKind loss);

  [[nodiscard]] const VectorSpace& space() const override { return space_; }
  [[nodiscard]] std::int64_t sample_count() const override { return data_->train.size(); }
  [[nodiscard]] Network<Real>& network() { return network_; }
  /// From here on these are the training samples' labels, in every function about training samples;
  /// none: the data set's own again. Local. Throws Error where their number is not that of the
  /// training samples.
  void relabel_training(std::vector<std::int32_t> labels);
  void set_statistics(Statistics statistics) { statistics_ = statistics; }
  /// Rows of a shard in training steps (0: default_shard of the batch) and in evaluations of whole
  /// sets.
  void set_shards(std::int64_t training, std::int64_t evaluation) {
    training_shard_ = training;
    evaluation_shard_ = evaluation;
  }

  double value(std::span<const Real> x, Subset subset) override;
  double gradient(std::span<const Real> x, Subset subset, std::span<Real> gradient_slice) override;
  void hessian_vector(std::span<const Real> x, std::span<const Real> v, Subset subset,
                      std::span<Real> product_slice) override;

  std::vector<Real> outputs(std::span<const Real> x, Subset subset) override {
    return outputs(x, data_->train, subset);
  }
  /// Of either set.
  std::vector<Real> outputs(std::span<const Real> x, const DataSplit<Real>& split, Subset subset);
  std::vector<Real> jacobian_product(std::span<const Real> x, std::span<const Real> v,
                                     Subset subset) override;
  void transposed_jacobian_product(std::span<const Real> x, std::span<const Real> u, Subset subset,
                                   std::span<Real> slice) override;
  std::vector<Real> tangent_kernel(std::span<const Real> x, Subset subset) override;
  std::vector<Real> targets(Subset subset) override;

  /// A training step's gradient: batch statistics, running averages updated. Collective.
  double training_gradient(std::span<const Real> x, Subset batch, std::span<Real> gradient_slice);
  /// With the running averages. Collective.
  Evaluation evaluate(std::span<const Real> x, const DataSplit<Real>& split, Statistics statistics,
                      Subset subset = {});
  /// Loss on the training samples with their own statistics, which become the running averages: how
  /// a point that no training step has visited is made ready for evaluate(…, frozen). Collective.
  Evaluation reestimate_statistics(std::span<const Real> x, Subset subset = {});
  [[nodiscard]] const DataSet<Real>& data() const { return *data_; }

 private:
  /// Layouts and gathered samples of the sets evaluated lately.
  struct Batch {
    BatchLayout layout;
    std::vector<std::int64_t> samples;
    AlignedVector<Real> rows;
    std::vector<std::int32_t> labels;
  };
  std::vector<Real> gathered(const Batch& batch, const Real* rows) const;
  Batch& whole(const DataSplit<Real>& split, Subset subset);
  void fetch(const DataSplit<Real>& split, Subset subset, Batch& batch) const;
  [[nodiscard]] std::span<const std::int32_t> training_labels() const {
    return labels_.empty() ? data_->train.labels() : std::span<const std::int32_t>(labels_);
  }
  double gradient_of(Batch& batch, const Pass<Real>& pass, std::span<const Real> x,
                     std::span<Real> gradient_slice);
  Evaluation evaluation_of(Batch& batch, const Pass<Real>& pass, std::span<const Real> x,
                           Real* d_out);

  const Communicator* team_;
  Network<Real> network_;
  const DataSet<Real>* data_;
  LossKind loss_;
  std::vector<std::int32_t> labels_;  // in place of the training set's; empty: those
  VectorSpace space_;
  Statistics statistics_ = Statistics::batch;
  std::int64_t training_shard_ = 0;
  std::int64_t evaluation_shard_ = 256;
  ShardGemm<Real> gemm_;
  GradientTree<Real> tree_;
  AlignedVector<Real> d_out_;
  AlignedVector<Real> r_d_out_;
  std::map<std::int64_t, std::unique_ptr<Batch>> training_;  // by batch size: buffers are reused
  std::map<const void*, std::unique_ptr<Batch>> whole_;      // by split: the last subset evaluated
};

}  // namespace thalweg
