#include <cmath>

#include "base/aligned.hpp"
#include "optimizers/optimizer_kind.hpp"

namespace thalweg {

namespace {

/// RMSprop (Tieleman & Hinton 2012, lecture 6.5): s ← αs + (1−α)g², u = g/(√s + ε), w ← w − ηu;
/// with momentum v ← βv + u, w ← w − ηv. α is the key smoothing. Preconditioner √s + ε.
template <class Real>
class Rmsprop final : public ElementwiseOptimizer<Real> {
 public:
  Rmsprop(const Values& values, const OptimizedParameters& moved)
      : ElementwiseOptimizer<Real>(moved.stretches()),
        smoothing_(static_cast<Real>(values.number("smoothing"))),
        epsilon_(static_cast<Real>(values.number("epsilon"))),
        momentum_(static_cast<Real>(values.number("momentum"))),
        squares_(moved.slice_size(), Real{0}),
        velocity_(values.number("momentum") == 0.0 ? 0 : squares_.size(), Real{0}) {}

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

OptimizerKind rmsprop_kind() {
  return {{"rmsprop",
           "rates by a running mean of squares, with momentum if asked (Tieleman and Hinton 2012)",
           {smoothing_key(0.99), epsilon_key(1e-8), momentum_key(0.0)}},
          0.01,
          made_in_both<Rmsprop>(),
          [](const Values& values, double learning_rate) {
            return (2.0 + 2.0 * values.number("momentum")) / learning_rate;
          }};
}

}  // namespace thalweg
