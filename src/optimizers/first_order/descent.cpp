#include "optimizers/first_order/descent.hpp"

#include "base/aligned.hpp"

namespace thalweg {

namespace {

template <class Real>
class Descent final : public ElementwiseOptimizer<Real> {
 public:
  Descent(double momentum, bool nesterov, std::vector<DecayStretch> stretches,
          std::int64_t slice_size)
      : ElementwiseOptimizer<Real>(std::move(stretches)),
        momentum_(static_cast<Real>(momentum)),
        nesterov_(nesterov),
        velocity_(momentum == 0.0 ? 0 : static_cast<std::size_t>(slice_size), Real{0}) {}

  std::vector<std::span<Real>> state() override {
    // Not by its size: on a rank whose slice is empty the state is empty too, but it is one.
    if (momentum_ == Real{0}) return {};
    return {velocity_};
  }

 private:
  void move(std::span<Real> w, std::span<const Real> gradient, double learning_rate,
            const DecayStretch& stretch) override {
    const auto rate = static_cast<Real>(learning_rate);
    const auto decay = static_cast<Real>(stretch.weight_decay);
    const auto begin = static_cast<std::size_t>(stretch.range.begin);
    const auto end = static_cast<std::size_t>(stretch.range.end);
    if (momentum_ == Real{0}) {
      for (std::size_t i = begin; i < end; ++i) w[i] -= rate * (gradient[i] + decay * w[i]);
      return;
    }
    Real* v = velocity_.data();
    for (std::size_t i = begin; i < end; ++i) {
      const Real g = gradient[i] + decay * w[i];
      v[i] = momentum_ * v[i] + g;
      w[i] -= rate * (nesterov_ ? g + momentum_ * v[i] : v[i]);
    }
  }

  Real momentum_;
  bool nesterov_;
  AlignedVector<Real> velocity_;
};

}  // namespace

template <class Real>
std::unique_ptr<Optimizer<Real>> make_descent(double momentum, bool nesterov,
                                              std::vector<DecayStretch> stretches,
                                              std::int64_t slice_size) {
  return std::make_unique<Descent<Real>>(momentum, nesterov, std::move(stretches), slice_size);
}

template <class Real>
std::unique_ptr<Optimizer<Real>> make_descent(double momentum, bool nesterov, double weight_decay,
                                              std::int64_t slice_size) {
  return make_descent<Real>(momentum, nesterov, {{{0, slice_size}, weight_decay}}, slice_size);
}

template std::unique_ptr<Optimizer<float>> make_descent(double, bool, std::vector<DecayStretch>,
                                                        std::int64_t);
template std::unique_ptr<Optimizer<double>> make_descent(double, bool, std::vector<DecayStretch>,
                                                         std::int64_t);
template std::unique_ptr<Optimizer<float>> make_descent(double, bool, double, std::int64_t);
template std::unique_ptr<Optimizer<double>> make_descent(double, bool, double, std::int64_t);

}  // namespace thalweg
