#include <cmath>

#include "base/aligned.hpp"
#include "optimizers/optimizer_kind.hpp"

namespace thalweg {

namespace {

/// Adagrad with a diagonal matrix (Duchi, Hazan & Singer 2011, Figure 1): s ← s + g²,
/// w ← w − η g/(√s + ε). Preconditioner √s + ε.
template <class Real>
class Adagrad final : public ElementwiseOptimizer<Real> {
 public:
  Adagrad(const Values& values, const OptimizedParameters& moved)
      : ElementwiseOptimizer<Real>(moved.stretches()),
        epsilon_(static_cast<Real>(values.number("epsilon"))),
        sum_(moved.slice_size(), Real{0}) {}

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

OptimizerKind adagrad_kind() {
  return {{"adagrad",
           "rates by the sum of squared gradients (Duchi et al. 2011)",
           {epsilon_key(1e-10)}},
          0.01,
          made_in_both<Adagrad>(),
          [](const Values& /*values*/, double learning_rate) { return 2.0 / learning_rate; }};
}

}  // namespace thalweg
