#include "models/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace thalweg {

namespace {

template <class Real>
LayerChain<Real> chain_of(std::vector<std::unique_ptr<Layer<Real>>> layers) {
  if (layers.empty()) throw Error("network: no layers");
  const std::int64_t inputs = layers.front()->inputs();
  return LayerChain<Real>(std::move(layers), inputs);
}

}  // namespace

template <class Real>
Network<Real>::Network(std::vector<std::unique_ptr<Layer<Real>>> layers)
    : chain_(chain_of(std::move(layers))) {}

template <class Real>
void Network<Real>::initialise(std::span<Real> w, std::uint64_t seed) const {
  for (std::size_t l = 0; l < chain_.size(); ++l) {
    Stream stream(seed, Purpose::initialisation, l);
    const std::int64_t end = chain_.offset(l + 1);
    chain_.layer(l).initialise(w.subspan(static_cast<std::size_t>(chain_.offset(l)),
                                         static_cast<std::size_t>(end - chain_.offset(l))),
                               stream);
  }
}

template <class Real>
std::vector<double> Network<Real>::buffers() const {
  std::vector<double> all;
  for (const auto values : chain_.buffers()) all.insert(all.end(), values.begin(), values.end());
  return all;
}

template <class Real>
void Network<Real>::set_buffers(std::span<const double> values) {
  std::size_t count = 0;
  for (const auto target : chain_.buffers()) count += target.size();
  if (values.size() != count) {
    throw Error(
        fmt::format("network: {} running averages given, {} expected", values.size(), count));
  }
  for (const auto target : chain_.buffers()) {
    std::copy_n(values.begin(), target.size(), target.begin());
    values = values.subspan(target.size());
  }
  ++passes_;  // a pass with the earlier averages is no longer one of this network
}

template <class Real>
std::int64_t Network<Real>::memory_bytes(std::int64_t rows, Holding holding) const {
  std::int64_t numbers = chain_.kept();
  if (holding != Holding::outputs) numbers += 2 * chain_.widest();
  if (holding == Holding::products) numbers += 2 * chain_.kept();
  return rows * numbers * static_cast<std::int64_t>(sizeof(Real));
}

template <class Real>
const Real* Network<Real>::forward(const Pass<Real>& pass, std::span<const Real> w,
                                   const Real* in) {
  ++passes_;
  return chain_.forward(pass, w.data(), in);
}

template <class Real>
void Network<Real>::backward(const Pass<Real>& pass, std::span<const Real> w, const Real* in,
                             const Real* d_out, GradientTree<Real>& gradient) {
  chain_.backward(pass, w.data(), in, d_out, nullptr, gradient, 0);
}

template <class Real>
void Network<Real>::keep_deltas(const Pass<Real>& pass, std::span<const Real> w, const Real* in,
                                const Real* d_out) {
  chain_.keep_deltas(pass, w.data(), in, d_out, nullptr);
}

template <class Real>
const Real* Network<Real>::r_forward(const Pass<Real>& pass, std::span<const Real> w,
                                     std::span<const Real> v, const Real* in) {
  return chain_.r_forward(pass, w.data(), v.data(), in, nullptr);
}

template <class Real>
void Network<Real>::r_backward(const Pass<Real>& pass, std::span<const Real> w,
                               std::span<const Real> v, const Real* in, const Real* d_out,
                               const Real* r_d_out, GradientTree<Real>& product) {
  chain_.r_backward(pass, w.data(), v.data(), in, nullptr, d_out, r_d_out, nullptr, product, 0);
}

template <class Real>
TangentFeatures<Real> Network<Real>::tangent_shape() const {
  TangentFeatures<Real> shape;
  shape.outputs = outputs();
  for (std::size_t l = 0; l < chain_.size(); ++l) {
    const Layer<Real>& layer = chain_.layer(l);
    if (!layer.has_tangent_factors()) {
      throw ConfigurationError(fmt::format(
          "tangent kernel: the parameters of '{}' are not those of a dense layer or a batch norm",
          layer.parameters().front().name));
    }
    for (const auto& factor : layer.tangent_factors()) {
      shape.blocks.push_back({chain_.offset(l) + factor.offset,
                              factor.width,
                              factor.times_input ? layer.inputs() : 0,
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
    for (std::size_t l = chain_.size(); l-- > 0;) {
      const Real* x = chain_.input_of(l, in);
      const Real* y = chain_.activation(l);
      Layer<Real>& layer = chain_.layer(l);
      const auto factors = layer.tangent_factors();
      end -= factors.size();
      for (std::size_t which = 0; which < factors.size(); ++which) {
        auto& block = features.blocks[end + which];
        left.resize(static_cast<std::size_t>(rows * block.width));
        layer.tangent_left(pass, which, x, y, d.data(), left.data());
        for (std::int64_t row = 0; row < rows; ++row) {
          std::copy_n(left.data() + row * block.width, block.width,
                      block.left.data() + (row * outputs() + output) * block.width);
        }
        if (output == 0 && block.right_width > 0) {
          block.right.assign(x, x + rows * block.right_width);
        }
      }
      if (l == 0) break;
      const bool in_place = layer.elementwise();
      if (!in_place) next.resize(static_cast<std::size_t>(rows * layer.inputs()));
      layer.backward(pass, w.data() + chain_.offset(l), x, y, d.data(),
                     in_place ? d.data() : next.data(), nullptr, 0);
      if (!in_place) std::swap(d, next);
    }
  }
  return features;
}

template class Network<float>;
template class Network<double>;

}  // namespace thalweg
