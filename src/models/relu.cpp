#include "models/relu.hpp"

namespace thalweg {

namespace {

template <class Real>
class Relu final : public Layer<Real> {
 public:
  explicit Relu(std::int64_t features) : features_(features) {}
  std::int64_t inputs() const override { return features_; }
  std::int64_t outputs() const override { return features_; }
  bool elementwise() const override { return true; }

  void forward(const Pass<Real>& pass, const Real* /*w*/, const Real* in, Real* out) override {
    const std::int64_t n = pass.layout.rows().size() * features_;
    // Written so that a NaN passes through: a diverged run must not look healthy.
    for (std::int64_t i = 0; i < n; ++i) out[i] = in[i] < Real{0} ? Real{0} : in[i];
  }

  void backward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*in*/, const Real* out,
                const Real* d_out, Real* d_in, GradientTree<Real>& /*gradient*/,
                std::int64_t /*offset*/) override {
    if (d_in != nullptr) mask(pass, out, d_out, d_in);
  }

  void input_gradient(const Pass<Real>& pass, const Real* /*w*/, const Real* /*in*/,
                      const Real* out, const Real* d_out, Real* d_in) override {
    mask(pass, out, d_out, d_in);
  }

  void r_forward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*v*/, const Real* /*in*/,
                 const Real* r_in, const Real* out, Real* r_out) override {
    mask(pass, out, r_in, r_out);
  }

  void r_backward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*v*/, const Real* /*in*/,
                  const Real* /*r_in*/, const Real* out, const Real* d_out, const Real* r_d_out,
                  Real* d_in, Real* r_d_in, GradientTree<Real>& /*product*/,
                  std::int64_t /*offset*/) override {
    if (d_in == nullptr) return;
    mask(pass, out, d_out, d_in);
    mask(pass, out, r_d_out, r_d_in);
  }

 private:
  void mask(const Pass<Real>& pass, const Real* out, const Real* from, Real* to) const {
    const std::int64_t n = pass.layout.rows().size() * features_;
    for (std::int64_t i = 0; i < n; ++i)
      to[i] = out[i] > Real{0} && from != nullptr ? from[i] : Real{0};
  }

  std::int64_t features_;
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_relu(std::int64_t features) {
  return std::make_unique<Relu<Real>>(features);
}

template std::unique_ptr<Layer<float>> make_relu(std::int64_t);
template std::unique_ptr<Layer<double>> make_relu(std::int64_t);

}  // namespace thalweg
