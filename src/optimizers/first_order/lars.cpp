#include "optimizers/first_order/lars.hpp"

#include <algorithm>

#include "base/aligned.hpp"
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

template <class Real>
class Lars final : public Optimizer<Real> {
 public:
  Lars(const OptimizerOptions& options, const VectorSpace& space,
       std::vector<ParameterBlock> blocks)
      : momentum_(static_cast<Real>(options.momentum)),
        trust_(options.trust),
        epsilon_(options.epsilon),
        decay_(options.weight_decay),
        space_(&space),
        blocks_(std::move(blocks)),
        ranges_(ranges_of(blocks_)),
        velocity_(static_cast<std::size_t>(space.slice().size()), Real{0}) {}

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

template <class Real>
std::unique_ptr<Optimizer<Real>> make_lars(const OptimizerOptions& options,
                                           const VectorSpace& space,
                                           std::vector<ParameterBlock> blocks) {
  return std::make_unique<Lars<Real>>(options, space, std::move(blocks));
}

template std::unique_ptr<Optimizer<float>> make_lars(const OptimizerOptions&, const VectorSpace&,
                                                     std::vector<ParameterBlock>);
template std::unique_ptr<Optimizer<double>> make_lars(const OptimizerOptions&, const VectorSpace&,
                                                      std::vector<ParameterBlock>);

}  // namespace thalweg
