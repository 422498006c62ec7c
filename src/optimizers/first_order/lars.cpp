#include <algorithm>

#include "base/aligned.hpp"
#include "optimizers/optimizer_kind.hpp"
#include "parallel/range_dots.hpp"

namespace thalweg {

namespace {

std::vector<Range> ranges_of(const std::vector<ParameterBlock>& blocks) {
  std::vector<Range> ranges;
  ranges.reserve(blocks.size());
  for (const auto& block : blocks) {
    ranges.push_back({block.offset, block.offset + block.count()});
  }
  return ranges;
}

/// LARS (You, Gitman & Ginsburg 2017, Algorithm 1): each parameter block ℓ steps with the rate γ
/// times its trust ratio, r = η‖w_ℓ‖/(‖g_ℓ‖ + λ‖w_ℓ‖ + ε); v ← βv + γr(g + λw), w ← w − v. Blocks
/// marked as normalisation have r = 1 and λ = 0, as has r where a norm is zero. η is
/// the key trust. The rate is part of v, so a changing rate needs no momentum correction
/// of the ratio but keeps moving at the old one for about 1/(1−β) steps.
/// Its steps are collective over the team of the space.
template <class Real>
class Lars final : public Optimizer<Real> {
 public:
  Lars(const Values& values, const OptimizedParameters& moved)
      : momentum_(static_cast<Real>(values.number("momentum"))),
        trust_(values.number("trust")),
        epsilon_(values.number("epsilon")),
        decay_(moved.weight_decay),
        space_(&moved.space),
        blocks_(moved.blocks),
        ranges_(ranges_of(blocks_)),
        velocity_(moved.slice_size(), Real{0}) {}

  void step(std::span<Real> w, std::span<const Real> gradient, double learning_rate) override {
    ++this->steps_;
    const Range slice = space_->slice();
    const auto w_norms = range_norms(*space_, ranges_, std::span<const Real>(w));
    const auto g_norms = range_norms(*space_, ranges_, gradient);
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      const bool plain = blocks_[b].normalisation;
      const double ratio = plain ? 1.0 : trust_ratio(w_norms[b], g_norms[b]);
      const auto rate = static_cast<Real>(learning_rate * ratio);
      const auto decay = static_cast<Real>(plain ? 0.0 : decay_);
      const std::int64_t last = std::min(ranges_[b].end, slice.end);
      for (std::int64_t k = std::max(ranges_[b].begin, slice.begin); k < last; ++k) {
        const auto i = static_cast<std::size_t>(k - slice.begin);
        velocity_[i] = momentum_ * velocity_[i] + rate * (gradient[i] + decay * w[i]);
        w[i] -= velocity_[i];
      }
    }
  }

  std::vector<std::span<Real>> state() override { return {velocity_}; }

 private:
  double trust_ratio(double w, double g) const {
    if (w == 0.0 || g == 0.0) return 1.0;
    return trust_ * w / (g + decay_ * w + epsilon_);
  }

  Real momentum_;
  double trust_;
  double epsilon_;
  double decay_;
  const VectorSpace* space_;
  std::vector<ParameterBlock> blocks_;
  std::vector<Range> ranges_;  // of the blocks
  AlignedVector<Real> velocity_;
};

}  // namespace

OptimizerKind lars_kind() {
  return {{"lars",
           "each tensor's rate by its norm over its gradient's (You et al. 2017)",
           {momentum_key(0.9),
            {"trust", 1e-3, {.above = 0.0}, "η, the coefficient of the trust ratio"},
            epsilon_key(1e-8)}},
          1.0,
          made_in_both<Lars>(),
          nullptr};
}

}  // namespace thalweg
