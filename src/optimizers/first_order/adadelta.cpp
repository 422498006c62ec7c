#include "optimizers/first_order/adadelta.hpp"

#include <cmath>

#include "base/aligned.hpp"

namespace thalweg {

namespace {

template <class Real>
class Adadelta final : public ElementwiseOptimizer<Real> {
 public:
  Adadelta(const OptimizerOptions& options, std::vector<DecayStretch> stretches,
           std::int64_t slice_size)
      : ElementwiseOptimizer<Real>(std::move(stretches)),
        smoothing_(static_cast<Real>(options.smoothing)),
        epsilon_(static_cast<Real>(options.epsilon)),
        squares_(static_cast<std::size_t>(slice_size), Real{0}),
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

template <class Real>
std::unique_ptr<Optimizer<Real>> make_adadelta(const OptimizerOptions& options,
                                               std::vector<DecayStretch> stretches,
                                               std::int64_t slice_size) {
  return std::make_unique<Adadelta<Real>>(options, std::move(stretches), slice_size);
}

template std::unique_ptr<Optimizer<float>> make_adadelta(const OptimizerOptions&,
                                                         std::vector<DecayStretch>, std::int64_t);
template std::unique_ptr<Optimizer<double>> make_adadelta(const OptimizerOptions&,
                                                          std::vector<DecayStretch>, std::int64_t);

}  // namespace thalweg
