#include <algorithm>
#include <cmath>

#include "base/aligned.hpp"
#include "optimizers/optimizer_kind.hpp"

namespace thalweg {

namespace {

/// RMSprop with one mean square for all parameters together, as the published code of Arora et al.
/// (2019) trains deep matrix factorisations: v ← αv + (1 − α)‖g‖², w ← w − η g/(√(v/(1 − αᵗ)) + ε),
/// α being the key smoothing. The direction stays the gradient's, so that only the speed
/// along gradient descent's path changes. With weight decay g is g + λw. Its steps are
/// collective over the team of the space.
template <class Real>
class GroupedRmsprop final : public Optimizer<Real> {
 public:
  GroupedRmsprop(const Values& values, const OptimizedParameters& moved)
      : smoothing_(values.number("smoothing")),
        epsilon_(values.number("epsilon")),
        space_(&moved.space),
        stretches_(moved.stretches()),
        mean_square_(moved.slice_size(), Real{0}),
        direction_(mean_square_.size()) {}

  void step(std::span<Real> w, std::span<const Real> gradient, double learning_rate) override {
    ++this->steps_;
    for (const auto& stretch : stretches_) {
      const auto decay = static_cast<Real>(stretch.weight_decay);
      for (std::int64_t k = stretch.range.begin; k < stretch.range.end; ++k) {
        const auto i = static_cast<std::size_t>(k);
        direction_[i] = gradient[i] + decay * w[i];
      }
    }
    const std::span<const Real> direction(direction_);
    const double square = space_->dot(direction, direction);
    if (!mean_square_.empty()) {
      const double mean =
          smoothing_ * static_cast<double>(mean_square_.front()) + (1.0 - smoothing_) * square;
      mean_square_.front() = static_cast<Real>(mean);
      const double correction = 1.0 - std::pow(smoothing_, static_cast<double>(this->steps_));
      const double root = std::sqrt(static_cast<double>(mean_square_.front()) / correction);
      const auto rate = static_cast<Real>(learning_rate / (root + epsilon_));
      for (std::size_t i = 0; i < w.size(); ++i) w[i] -= rate * direction_[i];
    }
  }

  /// One number, in every place of a slice: what is saved and restored are slices.
  std::vector<std::span<Real>> state() override {
    if (!mean_square_.empty()) {
      std::fill(mean_square_.begin(), mean_square_.end(), mean_square_.front());
    }
    return {mean_square_};
  }

 private:
  double smoothing_;
  double epsilon_;
  const VectorSpace* space_;
  std::vector<DecayStretch> stretches_;
  AlignedVector<Real> mean_square_;  // its first place counts
  AlignedVector<Real> direction_;
};

}  // namespace

OptimizerKind grouped_rmsprop_kind() {
  return {{"grouped_rmsprop",
           "one running mean of squares for all parameters (published code of Arora et al. 2019)",
           {smoothing_key(0.99), epsilon_key(1e-6)}},
          1e-3,
          made_in_both<GroupedRmsprop>(),
          nullptr};
}

}  // namespace thalweg
