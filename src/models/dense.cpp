#include "models/dense.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {

namespace {

template <class Real>
class Dense final : public Layer<Real> {
 public:
  Dense(std::int64_t inputs, std::int64_t outputs, bool bias, double gain, std::string name)
      : inputs_(inputs), outputs_(outputs), bias_(bias), gain_(gain), name_(std::move(name)) {}

  std::int64_t inputs() const override { return inputs_; }
  std::int64_t outputs() const override { return outputs_; }

  std::vector<ParameterBlock> parameters() const override {
    std::vector<ParameterBlock> blocks{{name_ + ".weight", 0, {outputs_, inputs_}, false}};
    if (bias_) blocks.push_back({name_ + ".bias", weights(), {outputs_}, true});
    return blocks;
  }

  void initialise(std::span<Real> w, Stream& stream) const override {
    const double deviation = std::sqrt(gain_ / static_cast<double>(inputs_));
    for (std::int64_t i = 0; i < weights(); ++i) {
      w[static_cast<std::size_t>(i)] = static_cast<Real>(deviation * stream.normal());
    }
    if (bias_) std::fill(w.begin() + weights(), w.end(), Real{0});
  }

  void forward(const Pass<Real>& pass, const Real* w, const Real* in, Real* out) override {
    pass.gemm.rows_times(pass.layout, in, w, true, out, outputs_, inputs_);
    add_bias(pass, w, out);
  }

  void backward(const Pass<Real>& pass, const Real* w, const Real* in, const Real* /*out*/,
                const Real* d_out, Real* d_in, GradientTree<Real>& gradient,
                std::int64_t offset) override {
    gradient.accumulate(offset, weights(), [&](std::int64_t shard, Real* target, bool add) {
      const Range rows = pass.layout.local_rows_of(shard);
      pass.gemm.outer(rows.size(), d_out + rows.begin * outputs_, in + rows.begin * inputs_, target,
                      outputs_, inputs_, add);
    });
    bias_gradient(pass, d_out, gradient, offset);
    if (d_in != nullptr)
      pass.gemm.rows_times(pass.layout, d_out, w, false, d_in, inputs_, outputs_);
  }

  void r_forward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                 const Real* r_in, const Real* /*out*/, Real* r_out) override {
    pass.gemm.rows_times(pass.layout, in, v, true, r_out, outputs_, inputs_);
    if (r_in != nullptr)
      pass.gemm.rows_times(pass.layout, r_in, w, true, r_out, outputs_, inputs_, true);
    add_bias(pass, v, r_out);
  }

  void r_backward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                  const Real* r_in, const Real* /*out*/, const Real* d_out, const Real* r_d_out,
                  Real* d_in, Real* r_d_in, GradientTree<Real>& product,
                  std::int64_t offset) override {
    product.accumulate(offset, weights(), [&](std::int64_t shard, Real* target, bool add) {
      const Range rows = pass.layout.local_rows_of(shard);
      const Real* d = d_out + rows.begin * outputs_;
      const Real* r_d = r_d_out + rows.begin * outputs_;
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
    if (d_in == nullptr) return;
    pass.gemm.rows_times(pass.layout, d_out, w, false, d_in, inputs_, outputs_);
    pass.gemm.rows_times(pass.layout, r_d_out, w, false, r_d_in, inputs_, outputs_);
    pass.gemm.rows_times(pass.layout, d_out, v, false, r_d_in, inputs_, outputs_, true);
  }

 private:
  std::int64_t weights() const { return inputs_ * outputs_; }

  void add_bias(const Pass<Real>& pass, const Real* w, Real* out) const {
    if (!bias_) return;
    const Real* b = w + weights();
    const std::int64_t rows = pass.layout.rows().size();
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t j = 0; j < outputs_; ++j) out[row * outputs_ + j] += b[j];
    }
  }

  void bias_gradient(const Pass<Real>& pass, const Real* d_out, GradientTree<Real>& gradient,
                     std::int64_t offset) {
    if (!bias_) return;
    gradient.accumulate(
        offset + weights(), outputs_, [&](std::int64_t shard, Real* target, bool add) {
          const Range rows = pass.layout.local_rows_of(shard);
          column_sums_.assign(static_cast<std::size_t>(outputs_), Real{0});
          for (std::int64_t row = rows.begin; row < rows.end; ++row) {
            for (std::int64_t j = 0; j < outputs_; ++j) {
              column_sums_[static_cast<std::size_t>(j)] += d_out[row * outputs_ + j];
            }
          }
          for (std::int64_t j = 0; j < outputs_; ++j) {
            const Real sum = column_sums_[static_cast<std::size_t>(j)];
            target[j] = add ? target[j] + sum : sum;
          }
        });
  }

  std::int64_t inputs_;
  std::int64_t outputs_;
  bool bias_;
  double gain_;
  std::string name_;
  AlignedVector<Real> scratch_;
  AlignedVector<Real> column_sums_;
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_dense(std::int64_t inputs, std::int64_t outputs, bool bias,
                                        double gain, const std::string& name) {
  return std::make_unique<Dense<Real>>(inputs, outputs, bias, gain, name);
}

template std::unique_ptr<Layer<float>> make_dense(std::int64_t, std::int64_t, bool, double,
                                                  const std::string&);
template std::unique_ptr<Layer<double>> make_dense(std::int64_t, std::int64_t, bool, double,
                                                   const std::string&);

}  // namespace thalweg
