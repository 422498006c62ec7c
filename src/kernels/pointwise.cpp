#include "kernels/pointwise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "kernels/duals.hpp"
#include "kernels/exponential.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

const std::vector<std::string>& pointwise_form_names() {
  static const std::vector<std::string> names{"gaussian", "laplace", "arccos", "polynomial",
                                              "linear"};
  return names;
}

PointwiseForm pointwise_form_named(const std::string& name) {
  const auto& names = pointwise_form_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw Error(fmt::format("kernel '{}' is not known", name));
  return static_cast<PointwiseForm>(found - names.begin());
}

PointwiseKernel PointwiseKernel::with_median(double median) const {
  PointwiseKernel kernel = *this;
  if (needs_median()) kernel.length_scale = median_factor * median;
  return kernel;
}

std::string PointwiseKernel::description() const {
  switch (form) {
    case PointwiseForm::gaussian:
    case PointwiseForm::laplace:
      if (needs_median()) {
        return fmt::format("{} of {} times the median distance",
                           form == PointwiseForm::gaussian ? "gaussian" : "laplace", median_factor);
      }
      return fmt::format("{} of length scale {}",
                         form == PointwiseForm::gaussian ? "gaussian" : "laplace", length_scale);
    case PointwiseForm::arccos:
      return fmt::format("arc-cosine of degree {}, depth {}", degree, depth);
    case PointwiseForm::polynomial:
      return fmt::format("polynomial of degree {}, gamma {}, constant {}", degree,
                         gamma == 0.0 ? "1/features" : fmt::format("{}", gamma), constant);
    case PointwiseForm::linear:
      break;
  }
  return "linear";
}

namespace {

template <class Real>
Real squared_distance(Real q11, Real q12, Real q22) {
  const Real d = std::fma(Real{-2}, q12, q11 + q22);
  return d > 0 ? d : Real{0};
}

// One type a form: the choice is made once a tile, not once an element.
template <class Real>
struct GaussianForm {
  Real factor;  ///< −1/2ℓ²
  Real operator()(Real q11, Real q12, Real q22) const {
    return exponential(factor * squared_distance(q11, q12, q22));
  }
};
template <class Real>
struct LaplaceForm {
  Real factor;  ///< −1/ℓ
  Real operator()(Real q11, Real q12, Real q22) const {
    return exponential(factor * std::sqrt(squared_distance(q11, q12, q22)));
  }
};
/// Degrees 0 and 1 are twice the duals of the ReLU's derivative and of the ReLU.
template <class Real>
struct ArccosForm0 {
  Real operator()(Real q11, Real q12, Real q22) const {
    return Real{2} * relu_dual(q11, q12, q22).derivative;
  }
};
template <class Real>
struct ArccosForm1 {
  Real operator()(Real q11, Real q12, Real q22) const {
    return Real{2} * relu_dual(q11, q12, q22).value;
  }
};
/// J₂ = 3 sin θ cos θ + (π − θ)(1 + 2 cos² θ).
template <class Real>
struct ArccosForm2 {
  Real operator()(Real q11, Real q12, Real q22) const {
    constexpr Real three_over_pi = static_cast<Real>(0.95492965855137201);
    const Real s = sine_term(q11, q12, q22);
    const Real turn = Real{2} * relu_dual(q11, q12, q22).derivative;
    return std::fma(turn, std::fma(Real{2} * q12, q12, q11 * q22), three_over_pi * s * q12);
  }
};
template <class Real>
struct PolynomialForm {
  Real gamma;
  Real constant;
  std::int64_t degree;
  Real operator()(Real /*q11*/, Real q12, Real /*q22*/) const {
    const Real base = std::fma(gamma, q12, constant);
    Real power = base;
    for (std::int64_t k = 1; k < degree; ++k) power *= base;
    return power;
  }
};
template <class Real>
struct LinearForm {
  Real operator()(Real /*q11*/, Real q12, Real /*q22*/) const { return q12; }
};

template <class Real, class Work>
void with_form(const PointwiseKernel& kernel, std::int64_t features, Work&& work) {
  switch (kernel.form) {
    case PointwiseForm::gaussian:
      return work(GaussianForm<Real>{
          static_cast<Real>(-0.5 / (kernel.length_scale * kernel.length_scale))});
    case PointwiseForm::laplace:
      return work(LaplaceForm<Real>{static_cast<Real>(-1.0 / kernel.length_scale)});
    case PointwiseForm::arccos:
      if (kernel.degree == 0) return work(ArccosForm0<Real>{});
      if (kernel.degree == 1) return work(ArccosForm1<Real>{});
      return work(ArccosForm2<Real>{});
    case PointwiseForm::polynomial: {
      const double gamma = kernel.gamma == 0.0 ? 1.0 / static_cast<double>(features) : kernel.gamma;
      return work(PolynomialForm<Real>{static_cast<Real>(gamma), static_cast<Real>(kernel.constant),
                                       kernel.degree});
    }
    case PointwiseForm::linear:
      return work(LinearForm<Real>{});
  }
}

/// k ← form(row variances, k, column variance) down a column of a tile.
template <class Real, class Form>
void advance(const Form& form, std::int64_t tile, const Real* __restrict row_variance,
             Real column_variance, Real* __restrict k) {
#pragma omp simd
  for (std::int64_t i = 0; i < tile; ++i) {
    k[i] = form(row_variance[i], k[i], column_variance);
  }
}

/// k(x, x) of every sample before each layer: squared norms, then what the layers make of them.
template <class Real>
std::vector<std::vector<Real>> layer_variances(const Communicator& comm,
                                               const PointwiseKernel& kernel,
                                               const SamplePanels<Real>& samples) {
  std::vector<std::vector<Real>> layers{squared_norms(comm, samples)};
  if (kernel.form != PointwiseForm::arccos) return layers;
  with_form<Real>(kernel, samples.features(), [&](const auto& form) {
    for (std::int64_t l = 1; l < kernel.depth; ++l) {
      std::vector<Real> next = layers.back();
      for (Real& q : next) q = form(q, q, q);
      layers.push_back(std::move(next));
    }
  });
  return layers;
}

template <class Real>
class PointwiseTiles final : public KernelTiles<Real> {
 public:
  PointwiseTiles(const Communicator& comm, const PointwiseKernel& kernel, const Samples<Real>& rows,
                 const Samples<Real>& columns, std::int64_t block)
      : kernel_(kernel),
        symmetric_(rows.same_as(columns)),
        rows_(rows, block),
        columns_(columns, block),
        row_variances_(layer_variances(comm, kernel, rows_)),
        column_variances_(symmetric_ ? row_variances_ : layer_variances(comm, kernel, columns_)) {}

  [[nodiscard]] std::int64_t rows() const override { return rows_.samples(); }
  [[nodiscard]] std::int64_t columns() const override { return columns_.samples(); }
  [[nodiscard]] std::int64_t block() const override { return rows_.block(); }
  [[nodiscard]] bool symmetric() const override { return symmetric_; }

  /// One GEMM of fixed shape and one pass over the tile a layer: about 25 flops an element for the
  /// exponential, 45 for an arc cosine.
  void compute_strip(std::int64_t row, std::int64_t column, std::int64_t /*strip*/,
                     Real* tile) const override {
    const std::int64_t b = block();
    inner_products(rows_, row, columns_, column, tile);
    with_form<Real>(kernel_, rows_.features(), [&](const auto& form) {
      for (std::int64_t j = 0; j < b; ++j) {
        for (std::size_t l = 0; l < row_variances_.size(); ++l) {
          advance(form, b, row_variances_[l].data() + row * b,
                  column_variances_[l][static_cast<std::size_t>(column * b + j)], tile + j * b);
        }
      }
    });
  }

 private:
  PointwiseKernel kernel_;
  bool symmetric_;
  SamplePanels<Real> rows_;
  SamplePanels<Real> columns_;
  std::vector<std::vector<Real>> row_variances_;
  std::vector<std::vector<Real>> column_variances_;
};

void check(const PointwiseKernel& kernel) {
  const auto refuse = [&](const std::string& what) {
    throw ConfigurationError(fmt::format("kernel {}: {}", kernel.description(), what));
  };
  if (kernel.needs_median()) refuse("the median distance has not been filled in");
  if (kernel.has_length_scale() &&
      !(kernel.length_scale > 0.0 && std::isfinite(kernel.length_scale))) {
    refuse("expected a finite length scale above 0");
  }
  if (kernel.form == PointwiseForm::arccos && (kernel.degree < 0 || kernel.degree > 2)) {
    refuse("expected a degree of 0, 1 or 2");
  }
  if (kernel.form == PointwiseForm::arccos && kernel.depth < 1) refuse("expected a depth above 0");
  if (kernel.form == PointwiseForm::polynomial) {
    if (kernel.degree < 1) refuse("expected a degree of at least 1");
    if (!(kernel.gamma >= 0.0 && std::isfinite(kernel.gamma))) refuse("expected a gamma above 0");
    if (!(kernel.constant >= 0.0 && std::isfinite(kernel.constant))) {
      refuse("a constant below 0 makes it indefinite");
    }
  }
}

}  // namespace

template <class Real>
Pointwise<Real>::Pointwise(const PointwiseKernel& kernel) : kernel_(kernel) {
  check(kernel);
}

template <class Real>
std::unique_ptr<KernelTiles<Real>> Pointwise<Real>::between(const Communicator& comm,
                                                            const Samples<Real>& rows,
                                                            const Samples<Real>& columns,
                                                            std::int64_t block) const {
  return std::make_unique<PointwiseTiles<Real>>(comm, kernel_, rows, columns, block);
}

template <class Real>
double median_distance(const Communicator& comm, const Samples<Real>& samples) {
  const std::int64_t n = std::min(samples.size(), kMedianSamples);
  if (n < 2) throw Error("a median distance needs at least two samples");
  const std::int64_t features = samples.features();
  const Range mine = Partition(n, comm.size()).of(comm.rank());
  std::vector<double> squares;
  for (std::int64_t i = mine.begin; i < mine.end; ++i) {
    const Real* x = samples.rows.data() + i * features;
    for (std::int64_t j = 0; j < i; ++j) {
      const Real* y = samples.rows.data() + j * features;
      double sum = 0.0;
      for (std::int64_t k = 0; k < features; ++k) {
        const double d = static_cast<double>(x[k]) - static_cast<double>(y[k]);
        sum = std::fma(d, d, sum);
      }
      squares.push_back(sum);
    }
  }
  std::vector<double> all = comm.gather_all(std::span<const double>(squares));
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  double median = std::sqrt(*middle);
  if (all.size() % 2 == 0) {
    median = 0.5 * (median + std::sqrt(*std::max_element(all.begin(), middle)));
  }
  if (!(median > 0.0 && std::isfinite(median))) {
    throw ConfigurationError(
        fmt::format("the median distance of the first {} training samples is {}: give a length "
                    "scale of your own",
                    n, median));
  }
  return median;
}

template class Pointwise<float>;
template class Pointwise<double>;
template double median_distance(const Communicator&, const Samples<float>&);
template double median_distance(const Communicator&, const Samples<double>&);

}  // namespace thalweg
