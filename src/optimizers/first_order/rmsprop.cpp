#include "optimizers/first_order/rmsprop.hpp"

#include <cmath>

#include "base/aligned.hpp"

namespace thalweg {

namespace {

template <class Real>
class Rmsprop final : public ElementwiseOptimizer<Real> {
 public:
  Rmsprop(const OptimizerOptions& options, std::vector<DecayStretch> stretches,
          std::int64_t slice_size)
      : ElementwiseOptimizer<Real>(std::move(stretches)),
        smoothing_(static_cast<Real>(options.smoothing)),
        epsilon_(static_cast<Real>(options.epsilon)),
        momentum_(static_cast<Real>(options.momentum)),
        squares_(static_cast<std::size_t>(slice_size), Real{0}),
        velocity_(options.momentum == 0.0 ? 0 : squares_.size(), Real{0}) {}

  std::vector<std::span<Real>> state() override {
    if (momentum_ == Real{0}) return {squares_};
    return {squares_, velocity_};
  }

  std::optional<std::vector<Real>> preconditioner() const override {
    std::vector<Real> p(squares_.size());
    for (std::size_t i = 0; i < p.size(); ++i) p[i] = std::sqrt(squares_[i]) + epsilon_;
    return p;
  }

 private:
  void move(std::span<Real> w, std::span<const Real> gradient, double learning_rate,
            const DecayStretch& stretch) override {
    const auto rate = static_cast<Real>(learning_rate);
    const auto decay = static_cast<Real>(stretch.weight_decay);
    Real* s = squares_.data();
    Real* v = momentum_ == Real{0} ? nullptr : velocity_.data();
    const auto end = static_cast<std::size_t>(stretch.range.end);
    for (auto i = static_cast<std::size_t>(stretch.range.begin); i < end; ++i) {
      const Real g = gradient[i] + decay * w[i];
      s[i] = smoothing_ * s[i] + (Real{1} - smoothing_) * g * g;
      const Real u = g / (std::sqrt(s[i]) + epsilon_);
      if (v == nullptr) {
        w[i] -= rate * u;
      } else {
        v[i] = momentum_ * v[i] + u;
        w[i] -= rate * v[i];
      }
    }
  }

  Real smoothing_;
  Real epsilon_;
  Real momentum_;
  AlignedVector<Real> squares_;
  AlignedVector<Real> velocity_;
};

}  // namespace

template <class Real>
std::unique_ptr<Optimizer<Real>> make_rmsprop(const OptimizerOptions& options,
                                              std::vector<DecayStretch> stretches,
                                              std::int64_t slice_size) {
  return std::make_unique<Rmsprop<Real>>(options, std::move(stretches), slice_size);
}

template std::unique_ptr<Optimizer<float>> make_rmsprop(const OptimizerOptions&,
                                                        std::vector<DecayStretch>, std::int64_t);
template std::unique_ptr<Optimizer<double>> make_rmsprop(const OptimizerOptions&,
                                                         std::vector<DecayStretch>, std::int64_t);

}  // namespace thalweg
