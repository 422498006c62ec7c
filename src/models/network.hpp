#pragma once

#include <memory>
#include <span>
#include <vector>

#include "models/layer_chain.hpp"
#include "models/tangent_features.hpp"

namespace thalweg {

/// A chain of layers over one flat parameter vector. Holds the activations of the last batch:
/// memory_bytes says how much that is.
template <class Real>
class Network {
 public:
  explicit Network(std::vector<std::unique_ptr<Layer<Real>>> layers);

  [[nodiscard]] std::int64_t inputs() const { return chain_.inputs(); }
  [[nodiscard]] std::int64_t outputs() const { return chain_.outputs(); }
  [[nodiscard]] std::int64_t parameter_count() const { return chain_.parameter_count(); }
  /// Every layer's parameters with absolute offsets.
  [[nodiscard]] std::vector<ParameterBlock> parameters() const { return chain_.parameters(); }
  /// Layer l draws from the stream (seed, initialisation, l). Local; the same on every rank.
  void initialise(std::span<Real> w, std::uint64_t seed) const;
  /// Running averages of all layers, one after the other.
  [[nodiscard]] std::vector<double> buffers() const;
  void set_buffers(std::span<const double> values);

  /// Do outputs of a sample depend on the others of its batch?
  [[nodiscard]] bool mixes_samples(Statistics statistics) const {
    return chain_.mixes_samples(statistics);
  }
  /// Do they depend on samples of other shards?
  [[nodiscard]] bool mixes_shards(Statistics statistics) const {
    return chain_.mixes_shards(statistics);
  }
  /// Floating-point operations of one sample's forward pass; a gradient takes three times as many
  /// (less the first layer's input), a product with the Hessian eight, or six after the first at a
  /// point.
  [[nodiscard]] double flops() const { return chain_.flops(); }
  /// What a pass over so many local rows holds: activations; for gradients two arrays of the widest
  /// layer more; for products with the Hessian the derivatives by all outputs and their
  /// R-derivatives besides. Without parameters and gradients.
  enum class Holding { outputs, gradient, products };
  [[nodiscard]] std::int64_t memory_bytes(std::int64_t rows, Holding holding) const;
  /// Shape of what tangent_features gives, without samples. Throws ConfigurationError where a
  /// layer's derivatives are not outer products (convolutions).
  [[nodiscard]] TangentFeatures<Real> tangent_shape() const;

  /// Outputs of this rank's rows, valid until the next pass. Collective over the layout's team.
  const Real* forward(const Pass<Real>& pass, std::span<const Real> w, const Real* in);
  /// After forward, `d_out` being rows × outputs. Collective.
  void backward(const Pass<Real>& pass, std::span<const Real> w, const Real* in, const Real* d_out,
                GradientTree<Real>& gradient);
  /// After forward, before r_backward: the derivatives by every layer's output. Collective.
  void keep_deltas(const Pass<Real>& pass, std::span<const Real> w, const Real* in,
                   const Real* d_out);
  /// After forward: derivative of the outputs along v. Collective.
  const Real* r_forward(const Pass<Real>& pass, std::span<const Real> w, std::span<const Real> v,
                        const Real* in);
  /// After keep_deltas and r_forward. Collective.
  void r_backward(const Pass<Real>& pass, std::span<const Real> w, std::span<const Real> v,
                  const Real* in, const Real* d_out, const Real* r_d_out,
                  GradientTree<Real>& product);
  /// Outputs of the last forward pass.
  [[nodiscard]] const Real* last_outputs() const { return chain_.activation(chain_.size() - 1); }
  /// Counts forward passes and changes of the running averages: what an earlier pass left behind
  /// holds as long as this has not changed.
  [[nodiscard]] std::uint64_t passes() const { return passes_; }
  /// One forward pass, and one pass backwards an output. The layout's team must be this rank
  /// alone. Throws Error where mixes_samples(). Local.
  [[nodiscard]] TangentFeatures<Real> tangent_features(const Pass<Real>& pass,
                                                       std::span<const Real> w, const Real* in);

 private:
  LayerChain<Real> chain_;
  std::uint64_t passes_ = 0;
};

}  // namespace thalweg
