#include "models/activation.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace thalweg {

namespace {

constexpr double kLeak = 0.01;

// value(x), slope(x) = φ'(x) and bend(x) = φ''(x) of each activation. Comparisons are written so
// that a NaN passes through: a diverged run must not look healthy.
struct Relu {
  static constexpr bool bends = false;
  template <class Real>
  static Real value(Real x) {
    return x < Real{0} ? Real{0} : x;
  }
  template <class Real>
  static Real slope(Real x) {
    return x > Real{0} ? Real{1} : Real{0};
  }
};

struct LeakyRelu {
  static constexpr bool bends = false;
  template <class Real>
  static Real value(Real x) {
    return x < Real{0} ? static_cast<Real>(kLeak) * x : x;
  }
  template <class Real>
  static Real slope(Real x) {
    return x > Real{0} ? Real{1} : static_cast<Real>(kLeak);
  }
};

struct Abs {
  static constexpr bool bends = false;
  template <class Real>
  static Real value(Real x) {
    return x < Real{0} ? -x : x;
  }
  template <class Real>
  static Real slope(Real x) {
    return x > Real{0} ? Real{1} : Real{-1};
  }
};

struct Tanh {
  static constexpr bool bends = true;
  template <class Real>
  static Real value(Real x) {
    return std::tanh(x);
  }
  template <class Real>
  static Real slope(Real x) {
    const Real y = std::tanh(x);
    return Real{1} - y * y;
  }
  template <class Real>
  static Real bend(Real x) {
    const Real y = std::tanh(x);
    return Real{-2} * y * (Real{1} - y * y);
  }
};

struct Gelu {
  static constexpr bool bends = true;
  template <class Real>
  static Real cumulative(Real x) {
    return Real{0.5} * std::erfc(-x / std::numbers::sqrt2_v<Real>);
  }
  template <class Real>
  static Real density(Real x) {
    constexpr Real root = std::numbers::inv_sqrtpi_v<Real> / std::numbers::sqrt2_v<Real>;
    return root * std::exp(Real{-0.5} * x * x);
  }
  template <class Real>
  static Real value(Real x) {
    return x * cumulative(x);
  }
  template <class Real>
  static Real slope(Real x) {
    return cumulative(x) + x * density(x);
  }
  template <class Real>
  static Real bend(Real x) {
    return (Real{2} - x * x) * density(x);
  }
};

template <class Function, class Real>
class Activation final : public Layer<Real> {
 public:
  explicit Activation(std::int64_t features) : features_(features) {}
  std::int64_t inputs() const override { return features_; }
  std::int64_t outputs() const override { return features_; }
  bool elementwise() const override { return true; }

  void forward(const Pass<Real>& pass, const Real* /*w*/, const Real* in, Real* out) override {
    const std::int64_t n = count(pass);
    for (std::int64_t i = 0; i < n; ++i) out[i] = Function::value(in[i]);
  }

  void backward(const Pass<Real>& pass, const Real* /*w*/, const Real* in, const Real* /*out*/,
                const Real* d_out, Real* d_in, GradientTree<Real>* /*gradient*/,
                std::int64_t /*offset*/) override {
    if (d_in == nullptr) return;
    const std::int64_t n = count(pass);
    for (std::int64_t i = 0; i < n; ++i) d_in[i] = Function::slope(in[i]) * d_out[i];
  }

  void r_forward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*v*/, const Real* in,
                 const Real* r_in, const Real* /*out*/, Real* r_out) override {
    const std::int64_t n = count(pass);
    for (std::int64_t i = 0; i < n; ++i) {
      r_out[i] = r_in == nullptr ? Real{0} : Function::slope(in[i]) * r_in[i];
    }
  }

  void r_backward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*v*/, const Real* in,
                  const Real* r_in, const Real* /*out*/, const Real* d_out, const Real* r_d_out,
                  Real* r_d_in, GradientTree<Real>& /*product*/, std::int64_t /*offset*/) override {
    if (r_d_in == nullptr) return;
    const std::int64_t n = count(pass);
    for (std::int64_t i = 0; i < n; ++i) {
      r_d_in[i] = Function::slope(in[i]) * r_d_out[i];
      if constexpr (Function::bends) {
        if (r_in != nullptr) r_d_in[i] += Function::bend(in[i]) * r_in[i] * d_out[i];
      }
    }
  }

 private:
  std::int64_t count(const Pass<Real>& pass) const { return pass.layout.rows().size() * features_; }
  std::int64_t features_;
};

}  // namespace

const std::vector<std::string>& nonlinearity_names() {
  static const std::vector<std::string> names{"relu", "leaky_relu", "abs", "tanh", "gelu"};
  return names;
}

template <class Real>
std::unique_ptr<Layer<Real>> make_activation(const std::string& name, std::int64_t features) {
  if (name == "relu") return std::make_unique<Activation<Relu, Real>>(features);
  if (name == "leaky_relu") return std::make_unique<Activation<LeakyRelu, Real>>(features);
  if (name == "abs") return std::make_unique<Activation<Abs, Real>>(features);
  if (name == "tanh") return std::make_unique<Activation<Tanh, Real>>(features);
  if (name == "gelu") return std::make_unique<Activation<Gelu, Real>>(features);
  throw Error(fmt::format("activation '{}' is not known", name));
}

double initialisation_gain(const std::string& activation) {
  if (activation == "relu") return 2.0;
  if (activation == "leaky_relu") return 2.0 / (1.0 + kLeak * kLeak);
  return 1.0;
}

template std::unique_ptr<Layer<float>> make_activation(const std::string&, std::int64_t);
template std::unique_ptr<Layer<double>> make_activation(const std::string&, std::int64_t);

}  // namespace thalweg
