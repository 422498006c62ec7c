#include "optimizers/lars.hpp"

#include <algorithm>

#include "base/aligned.hpp"
#include "optimizers/block_norms.hpp"

namespace thalweg {

namespace {

template <class Real>
class Lars final : public Optimizer<Real> {
 public:
  Lars(const OptimizerOptions& options, const VectorSpace& space,
       std::vector<ParameterBlock> blocks)
      : Optimizer<Real>({}),
        momentum_(static_cast<Real>(options.momentum)),
        trust_(options.trust),
        epsilon_(options.epsilon),
        decay_(options.weight_decay),
        blocks_(std::move(blocks)),
        norms_(space, blocks_),
        slice_(space.slice()),
        velocity_(static_cast<std::size_t>(slice_.size()), Real{0}) {}

  void step(std::span<Real> w, std::span<const Real> gradient, double learning_rate) override {
    ++this->steps_;
    const auto norms = norms_.norms(std::span<const Real>(w), gradient);
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      const bool plain = blocks_[b].normalisation;
      const double ratio = plain ? 1.0 : trust_ratio(norms[b], norms[blocks_.size() + b]);
      const auto rate = static_cast<Real>(learning_rate * ratio);
      const auto decay = static_cast<Real>(plain ? 0.0 : decay_);
      const std::int64_t end = blocks_[b].offset + blocks_[b].count();
      const std::int64_t last = std::min(end, slice_.end);
      for (std::int64_t k = std::max(blocks_[b].offset, slice_.begin); k < last; ++k) {
        const auto i = static_cast<std::size_t>(k - slice_.begin);
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
  std::vector<ParameterBlock> blocks_;
  BlockNorms norms_;
  Range slice_;
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
