#include "models/dropout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg {

namespace {

/// Dropout layers that a net may have: their streams are told apart by step · kLayers + layer.
constexpr std::uint64_t kLayers = 256;

template <class Real>
class Dropout final : public Layer<Real> {
 public:
  Dropout(std::int64_t features, double rate, std::uint64_t layer)
      : features_(features), rate_(rate), layer_(layer) {
    if (!(rate >= 0.0 && rate < 1.0)) {
      throw Error(fmt::format("dropout: rate is {}, expected at least 0 and below 1", rate));
    }
    if (layer >= kLayers) throw Error(fmt::format("dropout: more than {} such layers", kLayers));
  }
  std::int64_t inputs() const override { return features_; }
  std::int64_t outputs() const override { return features_; }
  bool elementwise() const override { return true; }
  std::int64_t kept() const override { return features_; }

  void forward(const Pass<Real>& pass, const Real* /*w*/, const Real* in, Real* out) override {
    if (pass.draws != nullptr) draw(pass);
    apply(pass, in, out);
  }
  void backward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*in*/, const Real* /*out*/,
                const Real* d_out, Real* d_in, GradientTree<Real>* /*gradient*/,
                std::int64_t /*offset*/) override {
    if (d_in != nullptr) apply(pass, d_out, d_in);
  }
  void r_forward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*v*/, const Real* /*in*/,
                 const Real* r_in, const Real* /*out*/, Real* r_out) override {
    if (r_in != nullptr) {
      apply(pass, r_in, r_out);
    } else {
      std::fill_n(r_out, count(pass), Real{0});
    }
  }
  void r_backward(const Pass<Real>& pass, const Real* /*w*/, const Real* /*v*/, const Real* /*in*/,
                  const Real* /*r_in*/, const Real* /*out*/, const Real* /*d_out*/,
                  const Real* r_d_out, Real* r_d_in, GradientTree<Real>& /*product*/,
                  std::int64_t /*offset*/) override {
    if (r_d_in != nullptr) apply(pass, r_d_out, r_d_in);
  }

 private:
  std::int64_t count(const Pass<Real>& pass) const { return pass.layout.rows().size() * features_; }

  void draw(const Pass<Real>& pass) {
    const Range rows = pass.layout.rows();
    factor_.resize(static_cast<std::size_t>(count(pass)));
    const Real keep = static_cast<Real>(1.0 / (1.0 - rate_));
    // 32 bits decide: kept from the threshold on.
    const auto threshold = static_cast<std::uint64_t>(std::llround(std::ldexp(rate_, 32)));
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      const std::uint64_t place = pass.draws->step * kLayers + layer_;
      Stream stream(pass.draws->seed, Purpose::dropout,
                    (place << 24U) + static_cast<std::uint64_t>(pass.first_row + row));
      Real* to = factor_.data() + (row - rows.begin) * features_;
      for (std::int64_t j = 0; j < features_; ++j) {
        to[j] = stream.next_u32() < threshold ? Real{0} : keep;
      }
    }
  }

  void apply(const Pass<Real>& pass, const Real* from, Real* to) const {
    const std::int64_t n = count(pass);
    if (pass.draws == nullptr) {
      if (from != to) std::copy_n(from, n, to);
      return;
    }
    for (std::int64_t i = 0; i < n; ++i) to[i] = factor_[static_cast<std::size_t>(i)] * from[i];
  }

  std::int64_t features_;
  double rate_;
  std::uint64_t layer_;
  AlignedVector<Real> factor_;  // of every number of the batch: 0 or 1/(1 − rate)
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_dropout(std::int64_t features, double rate, std::uint64_t layer) {
  return std::make_unique<Dropout<Real>>(features, rate, layer);
}

template std::unique_ptr<Layer<float>> make_dropout(std::int64_t, double, std::uint64_t);
template std::unique_ptr<Layer<double>> make_dropout(std::int64_t, double, std::uint64_t);

}  // namespace thalweg
