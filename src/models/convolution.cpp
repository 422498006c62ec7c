#include "models/convolution.hpp"

#include <algorithm>
#include <utility>

#include "models/bias_gradient.hpp"
#include "models/initialisation.hpp"

namespace thalweg {

namespace {

template <class Real>
class Convolution final : public Layer<Real> {
 public:
  Convolution(const ConvolutionGeometry& geometry, ConvolutionOptions options, std::string name)
      : geometry_(geometry),
        options_(std::move(options)),
        name_(std::move(name)),
        kernels_(geometry, options_.input_order) {}

  std::int64_t inputs() const override { return geometry_.inputs(); }
  std::int64_t outputs() const override { return geometry_.outputs(); }
  double flops() const override { return geometry_.flops(); }
  std::vector<ParameterBlock> parameters() const override {
    std::vector<ParameterBlock> blocks{
        {name_ + ".weight",
         0,
         {geometry_.filters, geometry_.channels, geometry_.kernel_height, geometry_.kernel_width},
         false}};
    if (options_.bias) {
      blocks.push_back({name_ + ".bias", geometry_.weights(), {geometry_.filters}, true});
    }
    return blocks;
  }
  void initialise(std::span<Real> w, Stream& stream) const override {
    const std::int64_t window = geometry_.kernel_height * geometry_.kernel_width;
    const Fan fan{geometry_.channels * window, geometry_.filters * window, options_.gain};
    const auto split = static_cast<std::size_t>(geometry_.weights());
    initialise_weights(options_.initialisation, fan, w.first(split), stream);
    initialise_biases(options_.initialisation, fan, w.subspan(split), stream);
  }

  void forward(const Pass<Real>& pass, const Real* w, const Real* in, Real* out) override {
    kernels_.pack_forward(w, packed_);
    kernels_.forward(packed_, in, images(pass), out);
    add_bias(pass, w, out);
  }

  void backward(const Pass<Real>& pass, const Real* w, const Real* in, const Real* /*out*/,
                const Real* d_out, Real* d_in, GradientTree<Real>* gradient,
                std::int64_t offset) override {
    if (gradient != nullptr) {
      gradient->accumulate(
          offset, geometry_.weights(), [&](std::int64_t shard, Real* target, bool add) {
            const Range rows = pass.layout.local_rows_of(shard);
            kernels_.weight_gradient(in + rows.begin * inputs(), d_out + rows.begin * outputs(),
                                     rows.size(), target, add);
          });
      bias_gradient(pass, d_out, *gradient, offset);
    }
    if (d_in == nullptr) return;
    kernels_.pack_backward(w, packed_);
    kernels_.backward_data(packed_, d_out, images(pass), d_in);
  }

  void r_forward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                 const Real* r_in, const Real* /*out*/, Real* r_out) override {
    kernels_.pack_forward(v, packed_);
    kernels_.forward(packed_, in, images(pass), r_out);
    if (r_in != nullptr) {
      kernels_.pack_forward(w, packed_);
      kernels_.forward(packed_, r_in, images(pass), r_out, true);
    }
    add_bias(pass, v, r_out);
  }

  void r_backward(const Pass<Real>& pass, const Real* w, const Real* v, const Real* in,
                  const Real* r_in, const Real* /*out*/, const Real* d_out, const Real* r_d_out,
                  Real* r_d_in, GradientTree<Real>& product, std::int64_t offset) override {
    product.accumulate(
        offset, geometry_.weights(), [&](std::int64_t shard, Real* target, bool add) {
          add_product(pass.layout.local_rows_of(shard), in, r_in, d_out, r_d_out, target, add);
        });
    bias_gradient(pass, r_d_out, product, offset);
    if (r_d_in == nullptr) return;
    kernels_.pack_backward(w, packed_);
    kernels_.backward_data(packed_, r_d_out, images(pass), r_d_in);
    kernels_.pack_backward(v, packed_);
    kernels_.backward_data(packed_, d_out, images(pass), r_d_in, true);
  }

 private:
  static std::int64_t images(const Pass<Real>& pass) { return pass.layout.rows().size(); }

  /// A shard's R-derivative of the weights' gradient: two terms, added as one value.
  void add_product(Range rows, const Real* in, const Real* r_in, const Real* d_out,
                   const Real* r_d_out, Real* target, bool add) {
    const Real* x = in + rows.begin * inputs();
    const Real* r_d = r_d_out + rows.begin * outputs();
    if (r_in == nullptr) {
      kernels_.weight_gradient(x, r_d, rows.size(), target, add);
      return;
    }
    Real* sum = target;
    if (add) {
      scratch_.resize(static_cast<std::size_t>(geometry_.weights()));
      sum = scratch_.data();
    }
    kernels_.weight_gradient(x, r_d, rows.size(), sum, false);
    kernels_.weight_gradient(r_in + rows.begin * inputs(), d_out + rows.begin * outputs(),
                             rows.size(), sum, true);
    if (!add) return;
    for (std::int64_t i = 0; i < geometry_.weights(); ++i) target[i] += sum[i];
  }

  void add_bias(const Pass<Real>& pass, const Real* w, Real* out) const {
    if (!options_.bias) return;
    const Real* b = w + geometry_.weights();
    const std::int64_t n = geometry_.filters;
    const std::int64_t pixels = images(pass) * (outputs() / n);
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      for (std::int64_t j = 0; j < n; ++j) out[pixel * n + j] += b[j];
    }
  }

  void bias_gradient(const Pass<Real>& pass, const Real* d_out, GradientTree<Real>& gradient,
                     std::int64_t offset) const {
    if (!options_.bias) return;
    sum_rows_of_shards(pass.layout, d_out, outputs() / geometry_.filters, geometry_.filters,
                       Real{1}, gradient, offset + geometry_.weights());
  }

  ConvolutionGeometry geometry_;
  ConvolutionOptions options_;
  std::string name_;
  ConvolutionKernels<Real> kernels_;
  AlignedVector<Real> packed_;
  AlignedVector<Real> scratch_;
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_convolution(const ConvolutionGeometry& geometry,
                                              const ConvolutionOptions& options,
                                              const std::string& name) {
  return std::make_unique<Convolution<Real>>(geometry, options, name);
}

template std::unique_ptr<Layer<float>> make_convolution(const ConvolutionGeometry&,
                                                        const ConvolutionOptions&,
                                                        const std::string&);
template std::unique_ptr<Layer<double>> make_convolution(const ConvolutionGeometry&,
                                                         const ConvolutionOptions&,
                                                         const std::string&);

}  // namespace thalweg
