#include "optimizers/first_order/adagrad.hpp"

#include <cmath>

#include "base/aligned.hpp"

namespace thalweg {

namespace {

template <class Real>
class Adagrad final : public ElementwiseOptimizer<Real> {
 public:
  Adagrad(const OptimizerOptions& options, std::vector<DecayStretch> stretches,
          std::int64_t slice_size)
      : ElementwiseOptimizer<Real>(std::move(stretches)),
        epsilon_(static_cast<Real>(options.epsilon)),
        sum_(static_cast<std::size_t>(slice_size), Real{0}) {}

  std::vector<std::span<Real>> state() override { return {sum_}; }

  std::optional<std::vector<Real>> preconditioner() const override {
    std::vector<Real> p(sum_.size());
    for (std::size_t i = 0; i < p.size(); ++i) p[i] = std::sqrt(sum_[i]) + epsilon_;
    return p;
  }

 private:
  void move(std::span<Real> w, std::span<const Real> gradient, double learning_rate,
            const DecayStretch& stretch) override {
    const auto rate = static_cast<Real>(learning_rate);
    const auto decay = static_cast<Real>(stretch.weight_decay);
    Real* s = sum_.data();
    const auto end = static_cast<std::size_t>(stretch.range.end);
    for (auto i = static_cast<std::size_t>(stretch.range.begin); i < end; ++i) {
      const Real g = gradient[i] + decay * w[i];
      s[i] += g * g;
      w[i] -= rate * g / (std::sqrt(s[i]) + epsilon_);
    }
  }

  Real epsilon_;
  AlignedVector<Real> sum_;
};

}  // namespace

template <class Real>
std::unique_ptr<Optimizer<Real>> make_adagrad(const OptimizerOptions& options,
                                              std::vector<DecayStretch> stretches,
                                              std::int64_t slice_size) {
  return std::make_unique<Adagrad<Real>>(options, std::move(stretches), slice_size);
}

template std::unique_ptr<Optimizer<float>> make_adagrad(const OptimizerOptions&,
                                                        std::vector<DecayStretch>, std::int64_t);
template std::unique_ptr<Optimizer<double>> make_adagrad(const OptimizerOptions&,
                                                         std::vector<DecayStretch>, std::int64_t);

}  // namespace thalweg
