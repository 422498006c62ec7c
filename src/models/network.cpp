#include "models/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace thalweg {

namespace {

template <class T>
void grow(AlignedVector<T>& values, std::int64_t size) {
  if (static_cast<std::int64_t>(values.size()) < size)
    values.resize(static_cast<std::size_t>(size));
}

}  // namespace

template <class Real>
Network<Real>::Network(std::vector<std::unique_ptr<Layer<Real>>> layers)
    : layers_(std::move(layers)),
      offsets_{0},
      activations_(layers_.size()),
      r_activations_(layers_.size()) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    if (l > 0 && layers_[l]->inputs() != layers_[l - 1]->outputs()) {
      throw Error(fmt::format("network: layer {} takes {} features, but the one before gives {}", l,
                              layers_[l]->inputs(), layers_[l - 1]->outputs()));
    }
    std::int64_t count = 0;
    for (const auto& block : layers_[l]->parameters()) count += block.count();
    offsets_.push_back(offsets_.back() + count);
  }
}

template <class Real>
std::vector<ParameterBlock> Network<Real>::parameters() const {
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
void Network<Real>::initialise(std::span<Real> w, std::uint64_t seed) const {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Stream stream(seed, Purpose::initialisation, l);
    layers_[l]->initialise(w.subspan(static_cast<std::size_t>(offsets_[l]),
                                     static_cast<std::size_t>(offsets_[l + 1] - offsets_[l])),
                           stream);
  }
}

template <class Real>
std::vector<double> Network<Real>::buffers() const {
  std::vector<double> all;
  for (const auto& layer : layers_) {
    const auto values = layer->buffers();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

template <class Real>
void Network<Real>::set_buffers(std::span<const double> values) {
  if (values.size() != buffers().size()) {
    throw Error(fmt::format("network: {} running averages given, {} expected", values.size(),
                            buffers().size()));
  }
  for (const auto& layer : layers_) {
    const auto target = layer->buffers();
    std::copy(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(target.size()),
              target.begin());
    values = values.subspan(target.size());
  }
}

template <class Real>
const Real* Network<Real>::forward(const Pass<Real>& pass, std::span<const Real> w,
                                   const Real* in) {
  const std::int64_t rows = pass.layout.rows().size();
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    grow(activations_[l], rows * layers_[l]->outputs());
    layers_[l]->forward(pass, w.data() + offsets_[l], input_of(l, in), activations_[l].data());
  }
  return activations_.back().data();
}

template <class Real>
void Network<Real>::backward(const Pass<Real>& pass, std::span<const Real> w, const Real* in,
                             AlignedVector<Real>& d_out, GradientTree<Real>& gradient) {
  const std::int64_t rows = pass.layout.rows().size();
  for (std::size_t l = layers_.size(); l-- > 0;) {
    const bool in_place = layers_[l]->elementwise();
    if (l > 0 && !in_place) grow(spare_, rows * layers_[l]->inputs());
    Real* d_in = l == 0 ? nullptr : (in_place ? d_out.data() : spare_.data());
    layers_[l]->backward(pass, w.data() + offsets_[l], input_of(l, in), activations_[l].data(),
                         d_out.data(), d_in, gradient, offsets_[l]);
    if (!in_place) std::swap(d_out, spare_);
  }
}

template <class Real>
const Real* Network<Real>::r_forward(const Pass<Real>& pass, std::span<const Real> w,
                                     std::span<const Real> v, const Real* in) {
  const std::int64_t rows = pass.layout.rows().size();
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    grow(r_activations_[l], rows * layers_[l]->outputs());
    layers_[l]->r_forward(pass, w.data() + offsets_[l], v.data() + offsets_[l], input_of(l, in),
                          l == 0 ? nullptr : r_activations_[l - 1].data(), activations_[l].data(),
                          r_activations_[l].data());
  }
  return r_activations_.back().data();
}

template <class Real>
void Network<Real>::r_backward(const Pass<Real>& pass, std::span<const Real> w,
                               std::span<const Real> v, const Real* in, AlignedVector<Real>& d_out,
                               AlignedVector<Real>& r_d_out, GradientTree<Real>& product) {
  const std::int64_t rows = pass.layout.rows().size();
  for (std::size_t l = layers_.size(); l-- > 0;) {
    const bool in_place = layers_[l]->elementwise();
    if (l > 0 && !in_place) {
      grow(spare_, rows * layers_[l]->inputs());
      grow(r_spare_, rows * layers_[l]->inputs());
    }
    Real* d_in = l == 0 ? nullptr : (in_place ? d_out.data() : spare_.data());
    Real* r_d_in = l == 0 ? nullptr : (in_place ? r_d_out.data() : r_spare_.data());
    layers_[l]->r_backward(pass, w.data() + offsets_[l], v.data() + offsets_[l], input_of(l, in),
                           l == 0 ? nullptr : r_activations_[l - 1].data(), activations_[l].data(),
                           d_out.data(), r_d_out.data(), d_in, r_d_in, product, offsets_[l]);
    if (!in_place) {
      std::swap(d_out, spare_);
      std::swap(r_d_out, r_spare_);
    }
  }
}

template <class Real>
bool Network<Real>::mixes_samples(Statistics statistics) const {
  return std::any_of(layers_.begin(), layers_.end(),
                     [&](const auto& layer) { return layer->mixes_samples(statistics); });
}

template <class Real>
TangentFeatures<Real> Network<Real>::tangent_shape() const {
  TangentFeatures<Real> shape;
  shape.outputs = outputs();
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    for (const auto& factor : layers_[l]->tangent_factors()) {
      shape.blocks.push_back({offsets_[l] + factor.offset,
                              factor.width,
                              factor.times_input ? layers_[l]->inputs() : 0,
                              {},
                              {}});
    }
  }
  return shape;
}

template <class Real>
TangentFeatures<Real> Network<Real>::tangent_features(const Pass<Real>& pass,
                                                      std::span<const Real> w, const Real* in) {
  if (mixes_samples(pass.statistics)) {
    throw Error(
        "tangent kernel: batch norm over the batch makes a sample's output depend on the others; "
        "expected frozen statistics or no batch norm");
  }
  forward(pass, w, in);
  const std::int64_t rows = pass.layout.rows().size();
  TangentFeatures<Real> features = tangent_shape();
  features.samples = rows;
  for (auto& block : features.blocks) {
    block.left.resize(static_cast<std::size_t>(rows * outputs() * block.width));
  }
  AlignedVector<Real> d;
  AlignedVector<Real> next;
  AlignedVector<Real> left;
  for (std::int64_t output = 0; output < outputs(); ++output) {
    d.assign(static_cast<std::size_t>(rows * outputs()), Real{0});
    for (std::int64_t row = 0; row < rows; ++row) {
      d[static_cast<std::size_t>(row * outputs() + output)] = Real{1};
    }
    std::size_t end = features.blocks.size();
    for (std::size_t l = layers_.size(); l-- > 0;) {
      const Real* x = input_of(l, in);
      const Real* y = activations_[l].data();
      const auto factors = layers_[l]->tangent_factors();
      end -= factors.size();
      for (std::size_t which = 0; which < factors.size(); ++which) {
        auto& block = features.blocks[end + which];
        grow(left, rows * block.width);
        layers_[l]->tangent_left(pass, which, x, y, d.data(), left.data());
        for (std::int64_t row = 0; row < rows; ++row) {
          std::copy_n(left.data() + row * block.width, block.width,
                      block.left.data() + (row * outputs() + output) * block.width);
        }
        if (output == 0 && block.right_width > 0) {
          block.right.assign(x, x + rows * block.right_width);
        }
      }
      if (l == 0) break;
      const bool in_place = layers_[l]->elementwise();
      if (!in_place) grow(next, rows * layers_[l]->inputs());
      layers_[l]->input_gradient(pass, w.data() + offsets_[l], x, y, d.data(),
                                 in_place ? d.data() : next.data());
      if (!in_place) std::swap(d, next);
    }
  }
  return features;
}

template class Network<float>;
template class Network<double>;

}  // namespace thalweg
