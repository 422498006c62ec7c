#pragma once

#include <memory>
#include <span>
#include <vector>

#include "models/layer.hpp"

namespace thalweg {

/// Layers one after the other over one run of parameters: a network, or a branch of a residual
/// block. Holds the activations of the last batch and, between keep_deltas and the next forward,
/// the derivatives of the loss by every layer's output, so that products with one Hessian share
/// them.
template <class Real>
class LayerChain {
 public:
  /// Throws Error where a layer's inputs are not the outputs of the one before.
  explicit LayerChain(std::vector<std::unique_ptr<Layer<Real>>> layers, std::int64_t inputs);

  [[nodiscard]] std::int64_t inputs() const { return inputs_; }
  [[nodiscard]] std::int64_t outputs() const {
    return layers_.empty() ? inputs_ : layers_.back()->outputs();
  }
  [[nodiscard]] std::int64_t parameter_count() const { return offsets_.back(); }
  [[nodiscard]] std::size_t size() const { return layers_.size(); }
  [[nodiscard]] Layer<Real>& layer(std::size_t l) const { return *layers_[l]; }
  /// Where layer l's parameters begin.
  [[nodiscard]] std::int64_t offset(std::size_t l) const { return offsets_[l]; }
  /// Every layer's parameters with offsets within the chain.
  [[nodiscard]] std::vector<ParameterBlock> parameters() const;
  [[nodiscard]] std::vector<std::span<double>> buffers() const;
  [[nodiscard]] bool mixes_samples(Statistics statistics) const;
  [[nodiscard]] bool mixes_shards(Statistics statistics) const;
  [[nodiscard]] double flops() const;
  /// Numbers a row that a forward pass leaves behind: outputs and what layers keep.
  [[nodiscard]] std::int64_t kept() const;
  /// The widest array a row that a pass backwards goes through.
  [[nodiscard]] std::int64_t widest() const;

  /// Outputs of this rank's rows, valid until the next pass. Collective over the layout's team.
  const Real* forward(const Pass<Real>& pass, const Real* w, const Real* in);
  /// After forward: parameter gradients to `gradient` from `offset` on, the derivative by the
  /// input to d_in unless it is null. Collective.
  void backward(const Pass<Real>& pass, const Real* w, const Real* in, const Real* d_out,
                Real* d_in, GradientTree<Real>& gradient, std::int64_t offset);
  /// After forward: the same without parameter gradients, all layers' derivatives kept.
  /// Collective.
  void keep_deltas(const Pass<Real>& pass, const Real* w, const Real* in, const Real* d_out,
                   Real* d_in);
  /// After forward: derivative of the outputs along v. Collective.
  const Real* r_forward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                        const Real* r_in);
  /// After keep_deltas and r_forward. Collective.
  void r_backward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                  const Real* r_in, const Real* d_out, const Real* r_d_out, Real* r_d_in,
                  GradientTree<Real>& product, std::int64_t offset);
  /// Output of layer l after forward.
  [[nodiscard]] const Real* activation(std::size_t l) const { return activations_[l].data(); }
  /// What layer l was given, `in` being the chain's input.
  [[nodiscard]] const Real* input_of(std::size_t l, const Real* in) const {
    return l == 0 ? in : activations_[l - 1].data();
  }

 private:
  /// Two arrays that a pass backwards writes by turns.
  struct Buffers {
    AlignedVector<Real> array[2];
    int current = 0;
  };
  /// Where layer l's d_in goes: null where nobody below has parameters, `d_in` for the lowest
  /// layer, the array of d_out where that may be overwritten, else the other buffer.
  Real* target(std::size_t l, std::int64_t rows, const Real* d_out, Real* d_in, Buffers& buffers);
  /// The lowest layer that a pass backwards has to reach.
  [[nodiscard]] std::size_t lowest(const Real* d_in) const;
  const Real* r_input_of(std::size_t l, const Real* r_in) const;

  std::int64_t inputs_;
  std::vector<std::unique_ptr<Layer<Real>>> layers_;
  std::vector<std::int64_t> offsets_;
  std::size_t first_with_parameters_;
  std::vector<AlignedVector<Real>> activations_;  // of each layer's output
  std::vector<AlignedVector<Real>> deltas_;       // derivatives by each layer's output but the last
  std::vector<AlignedVector<Real>> r_activations_;  // R-derivatives of the activations
  Buffers buffers_;
};

}  // namespace thalweg
