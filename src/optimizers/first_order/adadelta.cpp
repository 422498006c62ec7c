#include <cmath>

#include "base/aligned.hpp"
#include "optimizers/optimizer_kind.hpp"

namespace thalweg {

namespace {

/// Adadelta (Zeiler 2012, Algorithm 1): s ← ρs + (1−ρ)g², Δ = g √(d + ε)/√(s + ε),
/// d ← ρd + (1−ρ)Δ², w ← w − ηΔ. ρ is the key smoothing; the paper's η is 1.
template <class Real>
class Adadelta final : public ElementwiseOptimizer<Real> {
 public:
  Adadelta(const Values& values, const OptimizedParameters& moved)
      : ElementwiseOptimizer<Real>(moved.stretches()),
        smoothing_(static_cast<Real>(values.number("smoothing"))),
        epsilon_(static_cast<Real>(values.number("epsilon"))),
        squares_(moved.slice_size(), Real{0}),
        moves_(squares_) {}

  std::vector<std::span<Real>> state() override { return {squares_, moves_}; }

 private:
  void move(std::span<Real> w, std::span<const Real> gradient, double learning_rate,
            const DecayStretch& stretch) override {
    const auto rate = static_cast<Real>(learning_rate);
    const auto decay = static_cast<Real>(stretch.weight_decay);
    Real* s = squares_.data();
    Real* d = moves_.data();
    const auto end = static_cast<std::size_t>(stretch.range.end);
    for (auto i = static_cast<std::size_t>(stretch.range.begin); i < end; ++i) {
      const Real g = gradient[i] + decay * w[i];
      s[i] = smoothing_ * s[i] + (Real{1} - smoothing_) * g * g;
      const Real move = std::sqrt(d[i] + epsilon_) / std::sqrt(s[i] + epsilon_) * g;
      d[i] = smoothing_ * d[i] + (Real{1} - smoothing_) * move * move;
      w[i] -= rate * move;
    }
  }

  Real smoothing_;
  Real epsilon_;
  AlignedVector<Real> squares_;
  AlignedVector<Real> moves_;
};

}  // namespace

OptimizerKind adadelta_kind() {
  return {{"adadelta",
           "rates by running squares of gradients and moves (Zeiler 2012)",
           {smoothing_key(0.9), epsilon_key(1e-6)}},
          1.0,
          made_in_both<Adadelta>(),
          nullptr};
}

}  // namespace thalweg
