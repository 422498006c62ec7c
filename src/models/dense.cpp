#include "models/dense.hpp"

#include <cmath>
#include <utility>

#include "models/bias_gradient.hpp"
#include "models/initialisation.hpp"

namespace thalweg {

namespace {

template <class Real>
class Dense final : public Layer<Real> {
 public:
  Dense(std::int64_t inputs, std::int64_t outputs, const DenseOptions& options, std::string name)
      : inputs_(inputs), outputs_(outputs), options_(options), name_(std::move(name)) {
    if (!is_ntk()) return;
    weight_scale_ = static_cast<Real>(options.weight_std / std::sqrt(static_cast<double>(inputs)));
    bias_scale_ = static_cast<Real>(options.bias_std);
  }

  std::int64_t inputs() const override { return inputs_; }
  std::int64_t outputs() const override { return outputs_; }

  double flops() const override { return 2.0 * static_cast<double>(weights()); }

  std::vector<ParameterBlock> parameters() const override {
    std::vector<ParameterBlock> blocks{{name_ + ".weight", 0, {outputs_, inputs_}, false}};
    if (options_.bias) blocks.push_back({name_ + ".bias", weights(), {outputs_}, true});
    return blocks;
  }

  void initialise(std::span<Real> w, Stream& stream) const override {
    if (is_ntk()) {
      for (auto& parameter : w) parameter = static_cast<Real>(stream.normal());
      return;
    }
    const Fan fan{inputs_, outputs_, options_.gain};
    const auto split = static_cast<std::size_t>(weights());
    initialise_weights(options_.initialisation, fan, w.first(split), stream);
    initialise_biases(options_.initialisation, fan, w.subspan(split), stream);
  }

  void forward(const Pass<Real>& pass, const Real* w, const Real* in, Real* out) override {
    pass.gemm.rows_times(pass.layout, in, w, true, out, outputs_, inputs_);
    scale_and_add_bias(pass, w, out);
  }

  void backward(const Pass<Real>& pass, const Real* w, const Real* in, const Real* /*out*/,
                const Real* d_out, Real* d_in, GradientTree<Real>* gradient,
                std::int64_t offset) override {
    const Real* d = scaled(pass, d_out, scaled_);
    if (gradient != nullptr) {
      gradient->accumulate(offset, weights(), [&](std::int64_t shard, Real* target, bool add) {
        const Range rows = pass.layout.local_rows_of(shard);
        pass.gemm.outer(rows.size(), d + rows.begin * outputs_, in + rows.begin * inputs_, target,
                        outputs_, inputs_, add);
      });
      bias_gradient(pass, d_out, *gradient, offset);
    }
    if (d_in != nullptr) pass.gemm.rows_times(pass.layout, d, w, false, d_in, inputs_, outputs_);
  }

  bool has_tangent_factors() const override { return true; }
  std::vector<TangentFactor> tangent_factors() const override {
    std::vector<TangentFactor> factors{{0, outputs_, true}};
    if (options_.bias) factors.push_back({weights(), outputs_, false});
    return factors;
  }

  void tangent_left(const Pass<Real>& pass, std::size_t which, const Real* /*in*/,
                    const Real* /*out*/, const Real* d_out, Real* left) override {
    const std::int64_t size = pass.layout.rows().size() * outputs_;
    const Real scale = which == 0 ? weight_scale_ : bias_scale_;
    for (std::int64_t i = 0; i < size; ++i) left[i] = scale * d_out[i];
  }

  void r_forward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                 const Real* r_in, const Real* /*out*/, Real* r_out) override {
    pass.gemm.rows_times(pass.layout, in, v, true, r_out, outputs_, inputs_);
    if (r_in != nullptr)
      pass.gemm.rows_times(pass.layout, r_in, w, true, r_out, outputs_, inputs_, true);
    scale_and_add_bias(pass, v, r_out);
  }

  void r_backward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                  const Real* r_in, const Real* /*out*/, const Real* d_out, const Real* r_d_out,
                  Real* r_d_in, GradientTree<Real>& product, std::int64_t offset) override {
    const Real* all_d = scaled(pass, d_out, scaled_);
    const Real* all_r_d = scaled(pass, r_d_out, r_scaled_);
    product.accumulate(offset, weights(), [&](std::int64_t shard, Real* target, bool add) {
      const Range rows = pass.layout.local_rows_of(shard);
      const Real* d = all_d + rows.begin * outputs_;
      const Real* r_d = all_r_d + rows.begin * outputs_;
      if (r_in == nullptr) {
        pass.gemm.outer(rows.size(), r_d, in + rows.begin * inputs_, target, outputs_, inputs_,
                        add);
        return;
      }
      // A shard's contribution has two terms: where it is to be added, their sum is added as one
      // value.
      Real* sum = target;
      if (add) {
        scratch_.resize(static_cast<std::size_t>(weights()));
        sum = scratch_.data();
      }
      pass.gemm.outer(rows.size(), r_d, in + rows.begin * inputs_, sum, outputs_, inputs_, false);
      pass.gemm.outer(rows.size(), d, r_in + rows.begin * inputs_, sum, outputs_, inputs_, true);
      if (add) {
        for (std::int64_t i = 0; i < weights(); ++i) target[i] += sum[i];
      }
    });
    bias_gradient(pass, r_d_out, product, offset);
    if (r_d_in == nullptr) return;
    pass.gemm.rows_times(pass.layout, all_r_d, w, false, r_d_in, inputs_, outputs_);
    pass.gemm.rows_times(pass.layout, all_d, v, false, r_d_in, inputs_, outputs_, true);
  }

 private:
  std::int64_t weights() const { return inputs_ * outputs_; }

  bool is_ntk() const { return options_.parametrization == Parametrization::ntk; }

  /// (σ_w/√n_in) δ, the derivative by W x; δ itself in the standard parametrisation.
  const Real* scaled(const Pass<Real>& pass, const Real* d, AlignedVector<Real>& buffer) const {
    if (!is_ntk()) return d;
    const std::int64_t size = pass.layout.rows().size() * outputs_;
    buffer.resize(static_cast<std::size_t>(size));
    for (std::int64_t i = 0; i < size; ++i) {
      buffer[static_cast<std::size_t>(i)] = weight_scale_ * d[i];
    }
    return buffer.data();
  }

  void scale_and_add_bias(const Pass<Real>& pass, const Real* w, Real* out) const {
    const Real* b = w + weights();
    const std::int64_t rows = pass.layout.rows().size();
    if (is_ntk()) {
      for (std::int64_t i = 0; i < rows * outputs_; ++i) out[i] *= weight_scale_;
    }
    if (!options_.bias) return;
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t j = 0; j < outputs_; ++j) out[row * outputs_ + j] += bias_scale_ * b[j];
    }
  }

  void bias_gradient(const Pass<Real>& pass, const Real* d_out, GradientTree<Real>& gradient,
                     std::int64_t offset) {
    if (!options_.bias) return;
    sum_rows_of_shards(pass.layout, d_out, 1, outputs_, bias_scale_, gradient, offset + weights());
  }

  std::int64_t inputs_;
  std::int64_t outputs_;
  DenseOptions options_;
  std::string name_;
  Real weight_scale_ = 1;
  Real bias_scale_ = 1;
  AlignedVector<Real> scaled_;
  AlignedVector<Real> r_scaled_;
  AlignedVector<Real> scratch_;
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_dense(std::int64_t inputs, std::int64_t outputs,
                                        const DenseOptions& options, const std::string& name) {
  return std::make_unique<Dense<Real>>(inputs, outputs, options, name);
}

template std::unique_ptr<Layer<float>> make_dense(std::int64_t, std::int64_t, const DenseOptions&,
                                                  const std::string&);
template std::unique_ptr<Layer<double>> make_dense(std::int64_t, std::int64_t, const DenseOptions&,
                                                   const std::string&);

}  // namespace thalweg
