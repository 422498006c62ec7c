#include "models/image_order.hpp"

#include <algorithm>

namespace thalweg {

namespace {

/// Transposes each row, seen as a major × minor matrix.
template <class Real>
class Transposition final : public Layer<Real> {
 public:
  Transposition(std::int64_t major, std::int64_t minor) : major_(major), minor_(minor) {}
  std::int64_t inputs() const override { return major_ * minor_; }
  std::int64_t outputs() const override { return major_ * minor_; }

  void forward(const Pass<Real>& pass, const Real* /*w*/, const Real* in, Real* out) override {
    transpose(pass, major_, minor_, in, out);
  }
  void backward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*in*/, const Real* /*out*/,
                const Real* d_out, Real* d_in, GradientTree<Real>* /*gradient*/,
                std::int64_t /*offset*/) override {
    if (d_in != nullptr) transpose(pass, minor_, major_, d_out, d_in);
  }
  void r_forward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*v*/, const Real* /*in*/,
                 const Real* r_in, const Real* /*out*/, Real* r_out) override {
    if (r_in != nullptr) {
      transpose(pass, major_, minor_, r_in, r_out);
    } else {
      std::fill_n(r_out, pass.layout.rows().size() * outputs(), Real{0});
    }
  }
  void r_backward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*v*/, const Real* /*in*/,
                  const Real* /*r_in*/, const Real* /*out*/, const Real* /*d_out*/,
                  const Real* r_d_out, Real* r_d_in, GradientTree<Real>& /*product*/,
                  std::int64_t /*offset*/) override {
    if (r_d_in != nullptr) transpose(pass, minor_, major_, r_d_out, r_d_in);
  }

 private:
  static void transpose(const Pass<Real>& pass, std::int64_t major, std::int64_t minor,
                        const Real* from, Real* to) {
    const std::int64_t size = major * minor;
    for (std::int64_t row = 0; row < pass.layout.rows().size(); ++row) {
      for (std::int64_t j = 0; j < minor; ++j) {
        for (std::int64_t i = 0; i < major; ++i) {
          to[row * size + j * major + i] = from[row * size + i * minor + j];
        }
      }
    }
  }

  std::int64_t major_;
  std::int64_t minor_;
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_channels_last(const ImageShape& shape) {
  return std::make_unique<Transposition<Real>>(shape.channels, shape.height * shape.width);
}

template <class Real>
std::unique_ptr<Layer<Real>> make_flatten(const ImageShape& shape) {
  return std::make_unique<Transposition<Real>>(shape.height * shape.width, shape.channels);
}

template std::unique_ptr<Layer<float>> make_channels_last(const ImageShape&);
template std::unique_ptr<Layer<double>> make_channels_last(const ImageShape&);
template std::unique_ptr<Layer<float>> make_flatten(const ImageShape&);
template std::unique_ptr<Layer<double>> make_flatten(const ImageShape&);

}  // namespace thalweg
