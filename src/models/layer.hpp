#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/philox.hpp"
#include "models/batch_layout.hpp"
#include "models/gradient_tree.hpp"
#include "models/shard_gemm.hpp"

namespace thalweg {

/// Where batch normalisation takes its mean and variance from.
enum class Statistics {
  batch,   ///< the batch at hand (or its ghost groups)
  frozen,  ///< the running averages of training
};

/// Where the random numbers of a training step come from: layers draw from streams keyed by the
/// seed, the step, the layer and the row's place in the batch.
struct StepDraws {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::uint64_t epoch = 0;  ///< augmentation is drawn once an epoch and sample
};

/// What layers share during a pass over one batch.
template <class Real>
struct Pass {
  const BatchLayout& layout;
  ShardGemm<Real>& gemm;
  Statistics statistics = Statistics::batch;
  bool update_running = false;
  /// Weight of the new value in the running averages; 1 replaces them.
  double running_momentum = 0.1;
  /// Where the layout's rows begin in the batch that it is a piece of.
  std::int64_t first_row = 0;
  /// Set in training steps alone: without it dropout lets everything through.
  const StepDraws* draws = nullptr;
};

/// A span of a flat parameter vector that other code may treat as one unit (a filter, a neuron's
/// weights).
struct ParameterBlock {
  std::string name;
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape;
  bool normalisation = false;  ///< a bias or a parameter of batch normalisation
  [[nodiscard]] std::int64_t count() const {
    std::int64_t n = 1;
    for (const auto size : shape) n *= size;
    return n;
  }
};

/// The derivative of one sample's output by a block of its layer's parameters is an outer product
/// left ⊗ right, where `left` is made of the derivative by the layer's output and `right` is the
/// layer's input or the number 1. Empirical tangent kernels are made of these.
struct TangentFactor {
  std::int64_t offset = 0;  ///< of the block, within the layer's parameters
  std::int64_t width = 0;   ///< numbers of `left`
  bool times_input =
      false;  ///< the block is width × inputs, row-major, and right the input; else 1
};

/// One layer. Arrays are this rank's rows of the batch × features, row-major; images have their
/// channels last (pixel by pixel). All passes are collective over the team (batch normalisation
/// sums over all shards); every rank takes part, rows or not.
///
/// The R-operator (Pearlmutter 1994) is the derivative along a direction v of the parameters,
/// written r_….
template <class Real>
class Layer {
 public:
  Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;
  virtual ~Layer() = default;

  [[nodiscard]] virtual std::int64_t inputs() const = 0;
  [[nodiscard]] virtual std::int64_t outputs() const = 0;
  /// Derivatives may be computed in place: d_in may be the same array as d_out.
  [[nodiscard]] virtual bool elementwise() const { return false; }
  [[nodiscard]] virtual std::vector<ParameterBlock> parameters() const { return {}; }
  /// Floating-point operations of a row's forward pass that grow with the number of weights.
  [[nodiscard]] virtual double flops() const { return 0.0; }
  /// Numbers a row that the layer keeps besides its output.
  [[nodiscard]] virtual std::int64_t kept() const { return 0; }
  virtual void initialise(std::span<Real> /*w*/, Stream& /*stream*/) const {}
  /// Running averages and the like: saved with the run, restored on resume. Float64 for both
  /// builds.
  [[nodiscard]] virtual std::vector<std::span<double>> buffers() { return {}; }

  virtual void forward(const Pass<Real>& pass, const Real* w, const Real* in, Real* out) = 0;
  /// After forward. d_in is null where nobody needs it, and the same array as d_out where
  /// elementwise(). Parameter gradients go to `gradient` from `offset` on; with a null `gradient`
  /// d_in alone is computed, and r_backward may follow.
  virtual void backward(const Pass<Real>& pass, const Real* w, const Real* in, const Real* out,
                        const Real* d_out, Real* d_in, GradientTree<Real>* gradient,
                        std::int64_t offset) = 0;
  /// Does a sample's output depend on the other samples of the batch?
  [[nodiscard]] virtual bool mixes_samples(Statistics /*statistics*/) const { return false; }
  /// Does it depend on samples of other shards?
  [[nodiscard]] virtual bool mixes_shards(Statistics /*statistics*/) const { return false; }
  /// Together they cover every parameter once, where has_tangent_factors().
  [[nodiscard]] virtual std::vector<TangentFactor> tangent_factors() const { return {}; }
  /// Can the parameters' derivatives be written as TangentFactors?
  [[nodiscard]] virtual bool has_tangent_factors() const { return parameters().empty(); }
  /// After forward: the left factor number `which` of every local row (rows × its width). Local.
  virtual void tangent_left(const Pass<Real>& /*pass*/, std::size_t /*which*/, const Real* /*in*/,
                            const Real* /*out*/, const Real* /*d_out*/, Real* /*left*/) {}
  /// After forward on the same batch. r_in is null where the input does not depend on parameters.
  virtual void r_forward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                         const Real* r_in, const Real* out, Real* r_out) = 0;
  /// After backward with a null gradient, and r_forward. Turns r_d_out into r_d_in (null where
  /// nobody needs it, the same array where elementwise()) and writes the R-derivative of the
  /// parameter gradients to `product` from `offset` on.
  virtual void r_backward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                          const Real* r_in, const Real* out, const Real* d_out, const Real* r_d_out,
                          Real* r_d_in, GradientTree<Real>& product, std::int64_t offset) = 0;
};

}  // namespace thalweg
