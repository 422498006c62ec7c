#include "optimizers/first_order/adam.hpp"

#include <cmath>

#include "base/aligned.hpp"

namespace thalweg {

namespace {

template <class Real>
class Adam final : public ElementwiseOptimizer<Real> {
 public:
  Adam(const OptimizerOptions& options, std::vector<DecayStretch> stretches,
       std::int64_t slice_size)
      : ElementwiseOptimizer<Real>(std::move(stretches)),
        beta1_(options.beta1),
        beta2_(options.beta2),
        epsilon_(static_cast<Real>(options.epsilon)),
        decoupled_(options.type == "adamw"),
        first_(static_cast<std::size_t>(slice_size), Real{0}),
        second_(first_) {}

  std::vector<std::span<Real>> state() override { return {first_, second_}; }

  std::optional<std::vector<Real>> preconditioner() const override {
    const Real scale = second_scale();
    std::vector<Real> p(second_.size());
    for (std::size_t i = 0; i < p.size(); ++i) p[i] = std::sqrt(second_[i]) * scale + epsilon_;
    return p;
  }

 private:
  /// √(1/(1−β2^t)); 1 before the first step, where v is 0.
  Real second_scale() const {
    if (this->steps_ == 0) return Real{1};
    return static_cast<Real>(1.0 /
                             std::sqrt(1.0 - std::pow(beta2_, static_cast<double>(this->steps_))));
  }

  void move(std::span<Real> w, std::span<const Real> gradient, double learning_rate,
            const DecayStretch& stretch) override {
    const auto t = static_cast<double>(this->steps_);
    const auto rate = static_cast<Real>(learning_rate / (1.0 - std::pow(beta1_, t)));
    const Real scale = second_scale();
    const auto b1 = static_cast<Real>(beta1_);
    const auto b2 = static_cast<Real>(beta2_);
    const double lambda = stretch.weight_decay;
    const auto decay = static_cast<Real>(decoupled_ ? 0.0 : lambda);
    const auto keep = static_cast<Real>(decoupled_ ? 1.0 - learning_rate * lambda : 1.0);
    Real* m = first_.data();
    Real* v = second_.data();
    const auto end = static_cast<std::size_t>(stretch.range.end);
    for (auto i = static_cast<std::size_t>(stretch.range.begin); i < end; ++i) {
      const Real g = gradient[i] + decay * w[i];
      m[i] = b1 * m[i] + (Real{1} - b1) * g;
      v[i] = b2 * v[i] + (Real{1} - b2) * g * g;
      w[i] = keep * w[i] - rate * m[i] / (std::sqrt(v[i]) * scale + epsilon_);
    }
  }

  double beta1_;
  double beta2_;
  Real epsilon_;
  bool decoupled_;
  AlignedVector<Real> first_;
  AlignedVector<Real> second_;
};

}  // namespace

template <class Real>
std::unique_ptr<Optimizer<Real>> make_adam(const OptimizerOptions& options,
                                           std::vector<DecayStretch> stretches,
                                           std::int64_t slice_size) {
  return std::make_unique<Adam<Real>>(options, std::move(stretches), slice_size);
}

template std::unique_ptr<Optimizer<float>> make_adam(const OptimizerOptions&,
                                                     std::vector<DecayStretch>, std::int64_t);
template std::unique_ptr<Optimizer<double>> make_adam(const OptimizerOptions&,
                                                      std::vector<DecayStretch>, std::int64_t);

}  // namespace thalweg
