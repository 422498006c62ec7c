#include "optimizers/descent.hpp"

#include "base/aligned.hpp"

namespace thalweg {

namespace {

template <class Real>
class Descent final : public Optimizer<Real> {
 public:
  Descent(double momentum, bool nesterov, double weight_decay, std::int64_t slice_size)
      : momentum_(static_cast<Real>(momentum)),
        nesterov_(nesterov),
        decay_(static_cast<Real>(weight_decay)),
        velocity_(momentum == 0.0 ? 0 : static_cast<std::size_t>(slice_size), Real{0}) {}

  void step(std::span<Real> w, std::span<const Real> gradient, double learning_rate) override {
    const auto rate = static_cast<Real>(learning_rate);
    ++this->steps_;
    if (momentum_ == Real{0}) {
      for (std::size_t i = 0; i < w.size(); ++i) w[i] -= rate * (gradient[i] + decay_ * w[i]);
      return;
    }
    Real* v = velocity_.data();
    for (std::size_t i = 0; i < w.size(); ++i) {
      const Real g = gradient[i] + decay_ * w[i];
      v[i] = momentum_ * v[i] + g;
      w[i] -= rate * (nesterov_ ? g + momentum_ * v[i] : v[i]);
    }
  }

  std::vector<std::span<Real>> state() override {
    // Not by its size: on a rank whose slice is empty the state is empty too, but it is one.
    if (momentum_ == Real{0}) return {};
    return {velocity_};
  }

 private:
  Real momentum_;
  bool nesterov_;
  Real decay_;
  AlignedVector<Real> velocity_;
};

}  // namespace

template <class Real>
std::unique_ptr<Optimizer<Real>> make_descent(double momentum, bool nesterov, double weight_decay,
                                              std::int64_t slice_size) {
  return std::make_unique<Descent<Real>>(momentum, nesterov, weight_decay, slice_size);
}

template std::unique_ptr<Optimizer<float>> make_descent(double, bool, double, std::int64_t);
template std::unique_ptr<Optimizer<double>> make_descent(double, bool, double, std::int64_t);

}  // namespace thalweg
