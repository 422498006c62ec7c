#pragma once

#include <memory>
#include <span>
#include <vector>

#include "models/layer.hpp"
#include "models/tangent_features.hpp"

namespace thalweg {

/// A chain of layers over one flat parameter vector. Holds the activations of the last batch:
/// memory for b local rows is b · Σ(layer outputs) · sizeof(Real) for a forward pass and 2 · b ·
/// max(outputs) more for gradients; the R-operator doubles it.
template <class Real>
class Network {
 public:
  explicit Network(std::vector<std::unique_ptr<Layer<Real>>> layers);

  [[nodiscard]] std::int64_t inputs() const { return layers_.front()->inputs(); }
  [[nodiscard]] std::int64_t outputs() const { return layers_.back()->outputs(); }
  [[nodiscard]] std::int64_t parameter_count() const { return offsets_.back(); }
  /// Every layer's parameters with absolute offsets.
  [[nodiscard]] std::vector<ParameterBlock> parameters() const;
  /// Layer l draws from the stream (seed, initialisation, l). Local; the same on every rank.
  void initialise(std::span<Real> w, std::uint64_t seed) const;
  /// Running averages of all layers, one after the other.
  [[nodiscard]] std::vector<double> buffers() const;
  void set_buffers(std::span<const double> values);

  /// Do outputs of a sample depend on the others of its batch?
  [[nodiscard]] bool mixes_samples(Statistics statistics) const;
  /// Shape of what tangent_features gives, without samples.
  [[nodiscard]] TangentFeatures<Real> tangent_shape() const;

  /// Outputs of this rank's rows, valid until the next pass. Collective over the layout's team.
  const Real* forward(const Pass<Real>& pass, std::span<const Real> w, const Real* in);
  /// After forward. `d_out` (rows × outputs) is overwritten. Collective.
  void backward(const Pass<Real>& pass, std::span<const Real> w, const Real* in,
                AlignedVector<Real>& d_out, GradientTree<Real>& gradient);
  /// After forward: derivative of the outputs along v. Collective.
  const Real* r_forward(const Pass<Real>& pass, std::span<const Real> w, std::span<const Real> v,
                        const Real* in);
  /// After r_forward; both arrays are overwritten. Collective.
  void r_backward(const Pass<Real>& pass, std::span<const Real> w, std::span<const Real> v,
                  const Real* in, AlignedVector<Real>& d_out, AlignedVector<Real>& r_d_out,
                  GradientTree<Real>& product);
  /// One forward pass, and one pass backwards an output. The layout's team must be this rank
  /// alone. Throws Error where mixes_samples(). Local.
  [[nodiscard]] TangentFeatures<Real> tangent_features(const Pass<Real>& pass,
                                                       std::span<const Real> w, const Real* in);

 private:
  const Real* input_of(std::size_t layer, const Real* in) const {
    return layer == 0 ? in : activations_[layer - 1].data();
  }
  std::vector<std::unique_ptr<Layer<Real>>> layers_;
  std::vector<std::int64_t> offsets_;
  std::vector<AlignedVector<Real>> activations_;    // of each layer's output
  std::vector<AlignedVector<Real>> r_activations_;  // their R-derivatives
  AlignedVector<Real> spare_;
  AlignedVector<Real> r_spare_;
};

}  // namespace thalweg
