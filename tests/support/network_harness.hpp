#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "models/loss.hpp"
#include "models/model.hpp"
#include "parallel/vector_space.hpp"

namespace thalweg::testing {

/// A network from a list of layers on made-up images, its mean loss and derivatives as whole
/// vectors on every rank.
template <class Real>
class NetworkHarness {
 public:
  NetworkHarness(const Communicator& team, const ModelOptions& model, const ImageShape& shape,
                 std::int64_t classes, std::int64_t samples, std::int64_t shard)
      : network_(make_model<Real>(model, shape, classes)),
        space_(team, network_.parameter_count()),
        layout_(team, samples, shard) {
    images.resize(static_cast<std::size_t>(samples * shape.features()));
    labels.resize(static_cast<std::size_t>(samples));
    Stream stream(31, Purpose::test, 1);
    for (auto& pixel : images) pixel = static_cast<Real>(stream.normal());
    for (auto& label : labels) {
      label = static_cast<std::int32_t>(stream.below(static_cast<std::uint64_t>(classes)));
    }
    point.resize(static_cast<std::size_t>(network_.parameter_count()));
    network_.initialise(std::span<Real>(point), 5);
    for (auto& parameter : point) parameter += static_cast<Real>(0.05 * stream.normal());
  }

  [[nodiscard]] Network<Real>& network() { return network_; }
  [[nodiscard]] const VectorSpace& space() const { return space_; }
  Statistics statistics = Statistics::batch;
  const StepDraws* draws = nullptr;
  bool update_running = false;
  std::vector<Real> images;  ///< of all samples, on every rank
  std::vector<std::int32_t> labels;
  std::vector<Real> point;

  double loss() { return forward(nullptr); }

  /// After it `value` is the loss.
  std::vector<Real> gradient() {
    AlignedVector<Real> d_out(outputs_size());
    value = forward(d_out.data());
    tree_.reset(layout_, network_.parameter_count());
    network_.backward(pass(), point, mine(), d_out.data(), tree_);
    return whole();
  }

  std::vector<Real> hessian_vector(std::span<const Real> v) {
    AlignedVector<Real> d_out(outputs_size());
    AlignedVector<Real> r_d_out(outputs_size());
    forward(d_out.data());
    network_.keep_deltas(pass(), point, mine(), d_out.data());
    const Real* r_outputs = network_.r_forward(pass(), point, v, mine());
    loss_r_backward(LossKind::cross_entropy, layout_, network_.last_outputs(), r_outputs,
                    network_.outputs(), layout_.batch(), r_d_out.data());
    tree_.reset(layout_, network_.parameter_count());
    network_.r_backward(pass(), point, v, mine(), d_out.data(), r_d_out.data(), tree_);
    return whole();
  }

  double value = 0.0;

 private:
  [[nodiscard]] std::size_t outputs_size() const {
    return static_cast<std::size_t>(layout_.rows().size() * network_.outputs());
  }
  Pass<Real> pass() {
    Pass<Real> made{layout_, gemm_, statistics, update_running};
    made.draws = draws;
    return made;
  }
  const Real* mine() const { return images.data() + layout_.rows().begin * network_.inputs(); }

  double forward(Real* d_out) {
    const Real* outputs = network_.forward(pass(), point, mine());
    const auto own = std::span<const std::int32_t>(labels).subspan(
        static_cast<std::size_t>(layout_.rows().begin),
        static_cast<std::size_t>(layout_.rows().size()));
    const auto sums =
        layout_.reduction().all_sum(loss_of_shards(LossKind::cross_entropy, layout_, outputs, own,
                                                   network_.outputs(), layout_.batch(), d_out),
                                    2);
    return sums[0] / static_cast<double>(layout_.batch());
  }

  std::vector<Real> whole() {
    std::vector<Real> slice(static_cast<std::size_t>(space_.slice().size()));
    layout_.reduction().reduce_to_slices(space_, tree_.node_sums(), std::span<Real>(slice));
    std::vector<Real> all(point.size());
    space_.gather(std::span<const Real>(slice), std::span<Real>(all));
    return all;
  }

  Network<Real> network_;
  VectorSpace space_;
  BatchLayout layout_;
  ShardGemm<Real> gemm_;
  GradientTree<Real> tree_;
};

/// Residual blocks as in ResNet-20, one that keeps its shape and one that does not.
inline std::vector<std::string> resnet_blocks() {
  return {"conv 4 3",
          "norm",
          "relu",
          "block",
          "conv 4 3",
          "norm",
          "relu",
          "conv 4 3",
          "norm",
          "end",
          "relu",
          "block",
          "conv 6 3 stride 2",
          "norm",
          "relu",
          "conv 6 3",
          "norm",
          "shortcut",
          "conv 6 1 stride 2",
          "norm",
          "end",
          "relu",
          "gap"};
}

/// A model from a list of layers.
inline ModelOptions layered(const std::vector<std::string>& lines,
                            BatchNormKind norm = BatchNormKind::batch,
                            std::int64_t ghost_size = 0) {
  ModelOptions options;
  options.layers = read_layers(lines);
  options.batch_norm = norm;
  options.ghost_size = ghost_size;
  return options;
}

}  // namespace thalweg::testing
