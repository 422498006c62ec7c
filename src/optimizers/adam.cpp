#include "optimizers/adam.hpp"

#include <cmath>

#include "base/aligned.hpp"

namespace thalweg {

namespace {

template <class Real>
class Adam final : public Optimizer<Real> {
 public:
  Adam(double beta1, double beta2, double epsilon, double weight_decay, std::int64_t slice_size)
      : beta1_(beta1),
        beta2_(beta2),
        epsilon_(static_cast<Real>(epsilon)),
        decay_(static_cast<Real>(weight_decay)),
        first_(static_cast<std::size_t>(slice_size), Real{0}),
        second_(first_) {}

  void step(std::span<Real> w, std::span<const Real> gradient, double learning_rate) override {
    ++this->steps_;
    const auto t = static_cast<double>(this->steps_);
    const auto rate = static_cast<Real>(learning_rate / (1.0 - std::pow(beta1_, t)));
    const auto second_scale = static_cast<Real>(1.0 / std::sqrt(1.0 - std::pow(beta2_, t)));
    const auto b1 = static_cast<Real>(beta1_);
    const auto b2 = static_cast<Real>(beta2_);
    Real* m = first_.data();
    Real* v = second_.data();
    for (std::size_t i = 0; i < w.size(); ++i) {
      const Real g = gradient[i] + decay_ * w[i];
      m[i] = b1 * m[i] + (Real{1} - b1) * g;
      v[i] = b2 * v[i] + (Real{1} - b2) * g * g;
      w[i] -= rate * m[i] / (std::sqrt(v[i]) * second_scale + epsilon_);
    }
  }

  std::vector<std::span<Real>> state() override { return {first_, second_}; }

 private:
  double beta1_;
  double beta2_;
  Real epsilon_;
  Real decay_;
  AlignedVector<Real> first_;
  AlignedVector<Real> second_;
};

}  // namespace

template <class Real>
std::unique_ptr<Optimizer<Real>> make_adam(double beta1, double beta2, double epsilon,
                                           double weight_decay, std::int64_t slice_size) {
  return std::make_unique<Adam<Real>>(beta1, beta2, epsilon, weight_decay, slice_size);
}

template std::unique_ptr<Optimizer<float>> make_adam(double, double, double, double, std::int64_t);
template std::unique_ptr<Optimizer<double>> make_adam(double, double, double, double, std::int64_t);

}  // namespace thalweg
