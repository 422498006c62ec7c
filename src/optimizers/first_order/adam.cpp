#include <cmath>

#include "base/aligned.hpp"
#include "optimizers/optimizer_kind.hpp"

namespace thalweg {

namespace {

/// Adam (Kingma & Ba 2015, Algorithm 1): m ← β1 m + (1−β1) g, v ← β2 v + (1−β2) g²,
/// w ← w − η m̂/(√v̂ + ε) with m̂ = m/(1−β1^t), v̂ = v/(1−β2^t). Type "adamw" decays the weights
/// apart from the gradient, w ← (1 − ηλ)w before the step (Loshchilov & Hutter 2019, Algorithm 2,
/// with λ times the rate as PyTorch has it). Preconditioner √v̂ + ε.
template <class Real>
class Adam : public ElementwiseOptimizer<Real> {
 public:
  Adam(const Values& values, const OptimizedParameters& moved, bool decoupled = false)
      : ElementwiseOptimizer<Real>(moved.stretches()),
        beta1_(values.number("beta1")),
        beta2_(values.number("beta2")),
        epsilon_(static_cast<Real>(values.number("epsilon"))),
        decoupled_(decoupled),
        first_(moved.slice_size(), Real{0}),
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

template <class Real>
class AdamW final : public Adam<Real> {
 public:
  AdamW(const Values& values, const OptimizedParameters& moved) : Adam<Real>(values, moved, true) {}
};

std::vector<Key> adam_keys() {
  const KeyRange below_one{.least = 0.0, .below = 1.0};
  return {{"beta1", 0.9, below_one, "weight of the past in the running mean of gradients"},
          {"beta2", 0.999, below_one, "weight of the past in the running mean of their squares"},
          epsilon_key(1e-8)};
}

/// (2+2β₁)/(η(1−β₁)), of the Hessian preconditioned (Cohen et al. 2022).
double adam_threshold(const Values& values, double learning_rate) {
  const double beta1 = values.number("beta1");
  return (2.0 + 2.0 * beta1) / (learning_rate * (1.0 - beta1));
}

}  // namespace

OptimizerKind adam_kind() {
  return {{"adam", "moments of the gradient, bias corrected (Kingma and Ba 2015)", adam_keys()},
          1e-3,
          made_in_both<Adam>(),
          adam_threshold};
}

OptimizerKind adamw_kind() {
  auto keys = adam_keys();
  keys.push_back(weight_decay_key(0.01));
  return {{"adamw", "adam with the weight decay apart from it (Loshchilov and Hutter 2019)", keys},
          1e-3,
          made_in_both<AdamW>(),
          adam_threshold};
}

}  // namespace thalweg
