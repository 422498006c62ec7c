#include "models/pooling.hpp"

#include <algorithm>

#include "models/pooling_kernels.hpp"

namespace thalweg {

namespace {

template <class Real>
class Pool : public Layer<Real> {
 public:
  explicit Pool(const PoolingGeometry& geometry) : geometry_(geometry) {
    if (!geometry.is_valid()) throw Error("pooling: the window does not fit the image");
  }
  std::int64_t inputs() const override { return geometry_.inputs(); }
  std::int64_t outputs() const override { return geometry_.outputs(); }

  void backward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*in*/, const Real* /*out*/,
                const Real* d_out, Real* d_in, GradientTree<Real>* /*gradient*/,
                std::int64_t /*offset*/) override {
    if (d_in != nullptr) transposed(images(pass), d_out, d_in);
  }
  void r_forward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*v*/, const Real* /*in*/,
                 const Real* r_in, const Real* /*out*/, Real* r_out) override {
    if (r_in != nullptr) {
      derivative(images(pass), r_in, r_out);
    } else {
      std::fill_n(r_out, images(pass) * outputs(), Real{0});
    }
  }
  void r_backward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*v*/, const Real* /*in*/,
                  const Real* /*r_in*/, const Real* /*out*/, const Real* /*d_out*/,
                  const Real* r_d_out, Real* r_d_in, GradientTree<Real>& /*product*/,
                  std::int64_t /*offset*/) override {
    if (r_d_in != nullptr) transposed(images(pass), r_d_out, r_d_in);
  }

 protected:
  static std::int64_t images(const Pass<Real>& pass) { return pass.layout.rows().size(); }
  [[nodiscard]] const PoolingGeometry& geometry() const { return geometry_; }
  /// The layer's derivative at the last forward pass, and its transpose.
  virtual void derivative(std::int64_t images, const Real* from, Real* to) const = 0;
  virtual void transposed(std::int64_t images, const Real* from, Real* to) const = 0;

 private:
  PoolingGeometry geometry_;
};

template <class Real>
class MaxPool final : public Pool<Real> {
 public:
  using Pool<Real>::Pool;
  /// A place is two bytes.
  std::int64_t kept() const override {
    constexpr auto places_a_number = static_cast<std::int64_t>(sizeof(Real) / 2);
    return this->outputs() / places_a_number;
  }
  void forward(const Pass<Real>& pass, const Real* /*w*/, const Real* in, Real* out) override {
    places_.resize(static_cast<std::size_t>(this->images(pass) * this->outputs()));
    max_pool(this->geometry(), in, this->images(pass), out, places_.data());
  }

 protected:
  void derivative(std::int64_t images, const Real* from, Real* to) const override {
    max_pool_gather(this->geometry(), from, places_.data(), images, to);
  }
  void transposed(std::int64_t images, const Real* from, Real* to) const override {
    max_pool_backward(this->geometry(), from, places_.data(), images, to);
  }

 private:
  AlignedVector<std::uint16_t> places_;
};

template <class Real>
class AveragePool final : public Pool<Real> {
 public:
  using Pool<Real>::Pool;
  void forward(const Pass<Real>& pass, const Real* /*w*/, const Real* in, Real* out) override {
    average_pool(this->geometry(), in, this->images(pass), out);
  }

 protected:
  void derivative(std::int64_t images, const Real* from, Real* to) const override {
    average_pool(this->geometry(), from, images, to);
  }
  void transposed(std::int64_t images, const Real* from, Real* to) const override {
    average_pool_backward(this->geometry(), from, images, to);
  }
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_max_pool(const ImageShape& shape, std::int64_t size,
                                           std::int64_t stride, std::int64_t padding) {
  return std::make_unique<MaxPool<Real>>(
      PoolingGeometry{shape.channels, shape.height, shape.width, size, size, stride, padding});
}

template <class Real>
std::unique_ptr<Layer<Real>> make_average_pool(const ImageShape& shape, std::int64_t size,
                                               std::int64_t stride, std::int64_t padding) {
  return std::make_unique<AveragePool<Real>>(
      PoolingGeometry{shape.channels, shape.height, shape.width, size, size, stride, padding});
}

template <class Real>
std::unique_ptr<Layer<Real>> make_global_average_pool(const ImageShape& shape) {
  return std::make_unique<AveragePool<Real>>(
      PoolingGeometry{shape.channels, shape.height, shape.width, shape.height, shape.width, 1, 0});
}

template std::unique_ptr<Layer<float>> make_max_pool(const ImageShape&, std::int64_t, std::int64_t,
                                                     std::int64_t);
template std::unique_ptr<Layer<double>> make_max_pool(const ImageShape&, std::int64_t, std::int64_t,
                                                      std::int64_t);
template std::unique_ptr<Layer<float>> make_average_pool(const ImageShape&, std::int64_t,
                                                         std::int64_t, std::int64_t);
template std::unique_ptr<Layer<double>> make_average_pool(const ImageShape&, std::int64_t,
                                                          std::int64_t, std::int64_t);
template std::unique_ptr<Layer<float>> make_global_average_pool(const ImageShape&);
template std::unique_ptr<Layer<double>> make_global_average_pool(const ImageShape&);

}  // namespace thalweg
