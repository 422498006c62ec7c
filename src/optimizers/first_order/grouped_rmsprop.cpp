#include "optimizers/first_order/grouped_rmsprop.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/aligned.hpp"

namespace thalweg {

namespace {

template <class Real>
class GroupedRmsprop final : public Optimizer<Real> {
 public:
  GroupedRmsprop(const OptimizerOptions& options, const VectorSpace& space,
                 std::vector<DecayStretch> stretches)
      : smoothing_(options.smoothing),
        epsilon_(options.epsilon),
        space_(&space),
        stretches_(std::move(stretches)),
        mean_square_(static_cast<std::size_t>(space.slice().size()), Real{0}),
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

template <class Real>
std::unique_ptr<Optimizer<Real>> make_grouped_rmsprop(const OptimizerOptions& options,
                                                      const VectorSpace& space,
                                                      std::vector<DecayStretch> stretches) {
  return std::make_unique<GroupedRmsprop<Real>>(options, space, std::move(stretches));
}

template std::unique_ptr<Optimizer<float>> make_grouped_rmsprop(const OptimizerOptions&,
                                                                const VectorSpace&,
                                                                std::vector<DecayStretch>);
template std::unique_ptr<Optimizer<double>> make_grouped_rmsprop(const OptimizerOptions&,
                                                                 const VectorSpace&,
                                                                 std::vector<DecayStretch>);

}  // namespace thalweg
