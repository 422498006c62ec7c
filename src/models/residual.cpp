#include "models/residual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/layer_chain.hpp"

namespace thalweg {

namespace {

template <class Real>
class Residual final : public Layer<Real> {
 public:
  Residual(LayerChain<Real> branch, LayerChain<Real> shortcut)
      : branch_(std::move(branch)), shortcut_(std::move(shortcut)) {
    if (branch_.outputs() != shortcut_.outputs()) {
      throw Error(fmt::format("residual: the branch gives {} features, the shortcut {}",
                              branch_.outputs(), shortcut_.outputs()));
    }
  }

  std::int64_t inputs() const override { return branch_.inputs(); }
  std::int64_t outputs() const override { return branch_.outputs(); }
  double flops() const override { return branch_.flops() + shortcut_.flops(); }
  std::int64_t kept() const override {
    return branch_.kept() + shortcut_.kept() + 2 * branch_.widest() + 2 * shortcut_.widest() +
           inputs();
  }
  std::vector<ParameterBlock> parameters() const override {
    auto all = branch_.parameters();
    for (auto block : shortcut_.parameters()) {
      block.offset += branch_.parameter_count();
      all.push_back(std::move(block));
    }
    return all;
  }
  void initialise(std::span<Real> w, Stream& stream) const override {
    initialise_chain(branch_, w, stream);
    initialise_chain(shortcut_, w.subspan(static_cast<std::size_t>(branch_.parameter_count())),
                     stream);
  }
  std::vector<std::span<double>> buffers() override {
    auto all = branch_.buffers();
    const auto more = shortcut_.buffers();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  bool mixes_samples(Statistics statistics) const override {
    return branch_.mixes_samples(statistics) || shortcut_.mixes_samples(statistics);
  }
  bool mixes_shards(Statistics statistics) const override {
    return branch_.mixes_shards(statistics) || shortcut_.mixes_shards(statistics);
  }

  void forward(const Pass<Real>& pass, const Real* w, const Real* in, Real* out) override {
    const Real* a = branch_.forward(pass, w, in);
    const Real* b = shortcut_.forward(pass, beyond(w), in);
    add(pass, outputs(), a, b, out);
  }

  void backward(const Pass<Real>& pass, const Real* w, const Real* in, const Real* /*out*/,
                const Real* d_out, Real* d_in, GradientTree<Real>* gradient,
                std::int64_t offset) override {
    Real* other = d_in == nullptr ? nullptr : other_input(pass);
    if (gradient == nullptr) {
      branch_.keep_deltas(pass, w, in, d_out, d_in);
      shortcut_.keep_deltas(pass, beyond(w), in, d_out, other);
    } else {
      branch_.backward(pass, w, in, d_out, d_in, *gradient, offset);
      shortcut_.backward(pass, beyond(w), in, d_out, other, *gradient,
                         offset + branch_.parameter_count());
    }
    if (d_in != nullptr) add(pass, inputs(), d_in, from_shortcut(d_out), d_in);
  }

  void r_forward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                 const Real* r_in, const Real* /*out*/, Real* r_out) override {
    const Real* a = branch_.r_forward(pass, w, v, in, r_in);
    const Real* b = shortcut_.r_forward(pass, beyond(w), beyond(v), in, r_in);
    // Without parameters below and within, a chain does not move along v.
    if (a == nullptr) std::swap(a, b);
    const std::int64_t n = pass.layout.rows().size() * outputs();
    if (a == nullptr) {
      std::fill_n(r_out, n, Real{0});
    } else if (b == nullptr) {
      std::copy_n(a, n, r_out);
    } else {
      add(pass, outputs(), a, b, r_out);
    }
  }

  void r_backward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                  const Real* r_in, const Real* /*out*/, const Real* d_out, const Real* r_d_out,
                  Real* r_d_in, GradientTree<Real>& product, std::int64_t offset) override {
    branch_.r_backward(pass, w, v, in, r_in, d_out, r_d_out, r_d_in, product, offset);
    shortcut_.r_backward(pass, beyond(w), beyond(v), in, r_in, d_out, r_d_out,
                         r_d_in == nullptr ? nullptr : other_input(pass), product,
                         offset + branch_.parameter_count());
    if (r_d_in != nullptr) add(pass, inputs(), r_d_in, from_shortcut(r_d_out), r_d_in);
  }

 private:
  const Real* beyond(const Real* w) const { return w + branch_.parameter_count(); }
  Real* other_input(const Pass<Real>& pass) {
    other_.resize(static_cast<std::size_t>(pass.layout.rows().size() * inputs()));
    return other_.data();
  }
  /// The shortcut's derivative by the input: of the identity, what came in.
  const Real* from_shortcut(const Real* d_out) const {
    return shortcut_.size() == 0 ? d_out : other_.data();
  }
  static void initialise_chain(const LayerChain<Real>& chain, std::span<Real> w, Stream& stream) {
    for (std::size_t l = 0; l < chain.size(); ++l) {
      const auto begin = static_cast<std::size_t>(chain.offset(l));
      const auto end = static_cast<std::size_t>(chain.offset(l + 1));
      chain.layer(l).initialise(w.subspan(begin, end - begin), stream);
    }
  }
  static void add(const Pass<Real>& pass, std::int64_t features, const Real* a, const Real* b,
                  Real* sum) {
    const std::int64_t n = pass.layout.rows().size() * features;
    for (std::int64_t i = 0; i < n; ++i) sum[i] = a[i] + b[i];
  }

  LayerChain<Real> branch_;
  LayerChain<Real> shortcut_;
  AlignedVector<Real> other_;
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_residual(std::int64_t inputs,
                                           std::vector<std::unique_ptr<Layer<Real>>> branch,
                                           std::vector<std::unique_ptr<Layer<Real>>> shortcut) {
  return std::make_unique<Residual<Real>>(LayerChain<Real>(std::move(branch), inputs),
                                          LayerChain<Real>(std::move(shortcut), inputs));
}

template std::unique_ptr<Layer<float>> make_residual(std::int64_t,
                                                     std::vector<std::unique_ptr<Layer<float>>>,
                                                     std::vector<std::unique_ptr<Layer<float>>>);
template std::unique_ptr<Layer<double>> make_residual(std::int64_t,
                                                      std::vector<std::unique_ptr<Layer<double>>>,
                                                      std::vector<std::unique_ptr<Layer<double>>>);

}  // namespace thalweg
