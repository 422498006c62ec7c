#include "models/layer_chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace thalweg {

namespace {

template <class T>
T* grown(AlignedVector<T>& values, std::int64_t size) {
  if (static_cast<std::int64_t>(values.size()) < size)
    values.resize(static_cast<std::size_t>(size));
  return values.data();
}

}  // namespace

template <class Real>
LayerChain<Real>::LayerChain(std::vector<std::unique_ptr<Layer<Real>>> layers, std::int64_t inputs)
    : inputs_(inputs),
      layers_(std::move(layers)),
      offsets_{0},
      first_with_parameters_(layers_.size()),
      activations_(layers_.size()),
      deltas_(layers_.size()),
      r_activations_(layers_.size()) {
  std::int64_t width = inputs;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    if (layers_[l]->inputs() != width) {
      throw Error(fmt::format("network: layer {} takes {} features, but the one before gives {}", l,
                              layers_[l]->inputs(), width));
    }
    width = layers_[l]->outputs();
    std::int64_t count = 0;
    for (const auto& block : layers_[l]->parameters()) count += block.count();
    if (count > 0) first_with_parameters_ = std::min(first_with_parameters_, l);
    offsets_.push_back(offsets_.back() + count);
  }
}

template <class Real>
std::vector<ParameterBlock> LayerChain<Real>::parameters() const {
  std::vector<ParameterBlock> all;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    for (auto block : layers_[l]->parameters()) {
      block.offset += offsets_[l];
      all.push_back(std::move(block));
    }
  }
  return all;
}

template <class Real>
std::vector<std::span<double>> LayerChain<Real>::buffers() const {
  std::vector<std::span<double>> all;
  for (const auto& layer : layers_) {
    for (const auto values : layer->buffers()) all.push_back(values);
  }
  return all;
}

template <class Real>
bool LayerChain<Real>::mixes_samples(Statistics statistics) const {
  return std::any_of(layers_.begin(), layers_.end(),
                     [&](const auto& layer) { return layer->mixes_samples(statistics); });
}

template <class Real>
bool LayerChain<Real>::mixes_shards(Statistics statistics) const {
  return std::any_of(layers_.begin(), layers_.end(),
                     [&](const auto& layer) { return layer->mixes_shards(statistics); });
}

template <class Real>
double LayerChain<Real>::flops() const {
  double sum = 0.0;
  for (const auto& layer : layers_) sum += layer->flops();
  return sum;
}

template <class Real>
std::int64_t LayerChain<Real>::kept() const {
  std::int64_t sum = 0;
  for (const auto& layer : layers_) sum += layer->outputs() + layer->kept();
  return sum;
}

template <class Real>
std::int64_t LayerChain<Real>::widest() const {
  std::int64_t width = 0;
  for (const auto& layer : layers_) width = std::max(width, layer->outputs());
  return width;
}

template <class Real>
const Real* LayerChain<Real>::forward(const Pass<Real>& pass, const Real* w, const Real* in) {
  const std::int64_t rows = pass.layout.rows().size();
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Real* out = grown(activations_[l], rows * layers_[l]->outputs());
    layers_[l]->forward(pass, w + offsets_[l], input_of(l, in), out);
  }
  return layers_.empty() ? in : activations_.back().data();
}

template <class Real>
std::size_t LayerChain<Real>::lowest(const Real* d_in) const {
  return d_in == nullptr ? first_with_parameters_ : 0;
}

template <class Real>
Real* LayerChain<Real>::target(std::size_t l, std::int64_t rows, const Real* d_out, Real* d_in,
                               Buffers& buffers) {
  if (l == lowest(d_in)) return d_in;
  const bool own = d_out == buffers.array[0].data() || d_out == buffers.array[1].data();
  if (layers_[l]->elementwise() && own) return buffers.array[buffers.current].data();
  buffers.current = 1 - buffers.current;
  return grown(buffers.array[buffers.current], rows * widest());
}

template <class Real>
void LayerChain<Real>::backward(const Pass<Real>& pass, const Real* w, const Real* in,
                                const Real* d_out, Real* d_in, GradientTree<Real>& gradient,
                                std::int64_t offset) {
  const std::int64_t rows = pass.layout.rows().size();
  const Real* d = d_out;
  for (std::size_t l = layers_.size(); l-- > lowest(d_in);) {
    Real* to = target(l, rows, d, d_in, buffers_);
    layers_[l]->backward(pass, w + offsets_[l], input_of(l, in), activations_[l].data(), d, to,
                         &gradient, offset + offsets_[l]);
    d = to;
  }
}

template <class Real>
void LayerChain<Real>::keep_deltas(const Pass<Real>& pass, const Real* w, const Real* in,
                                   const Real* d_out, Real* d_in) {
  const std::int64_t rows = pass.layout.rows().size();
  const Real* d = d_out;
  for (std::size_t l = layers_.size(); l-- > lowest(d_in);) {
    Real* to = l == lowest(d_in) ? d_in : grown(deltas_[l - 1], rows * layers_[l]->inputs());
    layers_[l]->backward(pass, w + offsets_[l], input_of(l, in), activations_[l].data(), d, to,
                         nullptr, 0);
    d = to;
  }
}

template <class Real>
const Real* LayerChain<Real>::r_input_of(std::size_t l, const Real* r_in) const {
  if (l == 0) return r_in;
  // Below the first parameters nothing moves along v.
  if (r_in == nullptr && l <= first_with_parameters_) return nullptr;
  return r_activations_[l - 1].data();
}

template <class Real>
const Real* LayerChain<Real>::r_forward(const Pass<Real>& pass, const Real* w, const Real* v,
                                        const Real* in, const Real* r_in) {
  const std::int64_t rows = pass.layout.rows().size();
  for (std::size_t l = r_in == nullptr ? first_with_parameters_ : 0; l < layers_.size(); ++l) {
    Real* r_out = grown(r_activations_[l], rows * layers_[l]->outputs());
    layers_[l]->r_forward(pass, w + offsets_[l], v + offsets_[l], input_of(l, in),
                          r_input_of(l, r_in), activations_[l].data(), r_out);
  }
  return r_input_of(layers_.size(), r_in);
}

template <class Real>
void LayerChain<Real>::r_backward(const Pass<Real>& pass, const Real* w, const Real* v,
                                  const Real* in, const Real* r_in, const Real* d_out,
                                  const Real* r_d_out, Real* r_d_in, GradientTree<Real>& product,
                                  std::int64_t offset) {
  const std::int64_t rows = pass.layout.rows().size();
  const Real* r_d = r_d_out;
  for (std::size_t l = layers_.size(); l-- > lowest(r_d_in);) {
    Real* to = target(l, rows, r_d, r_d_in, buffers_);
    const Real* d = l + 1 == layers_.size() ? d_out : deltas_[l].data();
    layers_[l]->r_backward(pass, w + offsets_[l], v + offsets_[l], input_of(l, in),
                           r_input_of(l, r_in), activations_[l].data(), d, r_d, to, product,
                           offset + offsets_[l]);
    r_d = to;
  }
}

template class LayerChain<float>;
template class LayerChain<double>;

}  // namespace thalweg
