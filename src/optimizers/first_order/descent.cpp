#include "optimizers/first_order/descent.hpp"

#include "base/aligned.hpp"
#include "optimizers/optimizer_kind.hpp"

namespace thalweg {

namespace {

template <class Real>
class Descent : public ElementwiseOptimizer<Real> {
 public:
  Descent(double momentum, bool nesterov, std::vector<DecayStretch> stretches,
          std::size_t slice_size)
      : ElementwiseOptimizer<Real>(std::move(stretches)),
        momentum_(static_cast<Real>(momentum)),
        nesterov_(nesterov),
        velocity_(momentum == 0.0 ? 0 : slice_size, Real{0}) {}

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

template <class Real>
class Sgd final : public Descent<Real> {
 public:
  Sgd(const Values& values, const OptimizedParameters& moved)
      : Descent<Real>(values.number("momentum"), false, moved.stretches(), moved.slice_size()) {}
};

template <class Real>
class Nesterov final : public Descent<Real> {
 public:
  Nesterov(const Values& values, const OptimizedParameters& moved)
      : Descent<Real>(values.number("momentum"), true, moved.stretches(), moved.slice_size()) {}
};

}  // namespace

template <class Real>
std::unique_ptr<Optimizer<Real>> make_descent(double momentum, bool nesterov, double weight_decay,
                                              std::int64_t slice_size) {
  return std::make_unique<Descent<Real>>(momentum, nesterov,
                                         std::vector<DecayStretch>{{{0, slice_size}, weight_decay}},
                                         static_cast<std::size_t>(slice_size));
}

template std::unique_ptr<Optimizer<float>> make_descent(double, bool, double, std::int64_t);
template std::unique_ptr<Optimizer<double>> make_descent(double, bool, double, std::int64_t);

OptimizerKind sgd_kind() {
  return {{"sgd",
           "gradient descent on batches, with momentum if asked (Robbins and Monro 1951)",
           {momentum_key(0.0)}},
          0.1,
          made_in_both<Sgd>(),
          [](const Values& values, double learning_rate) {
            return (2.0 + 2.0 * values.number("momentum")) / learning_rate;
          }};
}

OptimizerKind nesterov_kind() {
  return {{"nesterov",
           "momentum with the gradient taken ahead (Nesterov 1983; Sutskever et al. 2013)",
           {momentum_key(0.9)}},
          0.1,
          made_in_both<Nesterov>(),
          [](const Values& values, double learning_rate) {
            const double momentum = values.number("momentum");
            return (2.0 + 2.0 * momentum) / learning_rate / (1.0 + 2.0 * momentum);
          }};
}

}  // namespace thalweg
