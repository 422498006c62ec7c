#include "kernels/pointwise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <type_traits>
#include <utility>

#include "base/error.hpp"
#include "kernels/close_pairs.hpp"
#include "kernels/exponential.hpp"
#include "kernels/pair_duals.hpp"
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

/// What a form reads of two samples.
enum class Reads { squared_distance, pair, product };

// One type a form: the choice is made once a tile, not once an element.
template <class Real>
struct GaussianForm {
  static constexpr Reads kReads = Reads::squared_distance;
  Real factor;  ///< −1/2ℓ²
  Real operator()(Real square) const { return exponential(factor * square); }
};
template <class Real>
struct LaplaceForm {
  static constexpr Reads kReads = Reads::squared_distance;
  Real factor;  ///< −1/ℓ
  Real operator()(Real square) const { return exponential(factor * std::sqrt(square)); }
};

/// k(x, x') and √(k(x, x) k(x', x')) − |k(x, x')|, which the next layer needs.
template <class Real>
struct ValueAndGap {
  Real value;
  Real gap;
};
/// Degrees 0 and 1 are twice the duals of the ReLU's derivative and of the ReLU.
template <class Real>
struct ArccosForm0 {
  static constexpr Reads kReads = Reads::pair;
  ValueAndGap<Real> operator()(const Pair<Real>& pair) const {
    const Real turn = Real{2} * PairAngle<Real>(pair).turn;
    return pair.covariance < 0 ? ValueAndGap<Real>{turn, Real{1} - turn}
                               : ValueAndGap<Real>{Real{1} - turn, turn};
  }
};
template <class Real>
struct ArccosForm1 {
  static constexpr Reads kReads = Reads::pair;
  ValueAndGap<Real> operator()(const Pair<Real>& pair) const {
    const PairDual<Real> dual = relu_dual(pair);
    return {Real{2} * dual.value, Real{2} * dual.gap};
  }
};
/// J₂ = 3 sin θ cos θ + (π − θ)(1 + 2 cos² θ) and J₂(0)/π = 3. For θ ≤ π/2, 3 − J₂/π = 2 sin² θ +
/// [θ (1 + 2 cos² θ) − 3 sin θ cos θ]/π.
template <class Real>
struct ArccosForm2 {
  static constexpr Reads kReads = Reads::pair;
  ValueAndGap<Real> operator()(const Pair<Real>& pair) const {
    constexpr Real three_over_pi = static_cast<Real>(0.95492965855137201);
    const PairAngle<Real> angle(pair);
    const Real turn = Real{2} * angle.turn;
    const Real squares =
        std::fma(Real{2} * pair.covariance, pair.covariance, pair.scale * pair.scale);
    const Real product = three_over_pi * angle.sine * pair.covariance;
    const bool negative = pair.covariance < 0;
    const Real value = std::fma(negative ? turn : Real{1} - turn, squares, product);
    const Real whole = Real{3} * pair.scale * pair.scale;
    const Real near = std::fma(turn, squares, std::fma(Real{2} * angle.sine, angle.sine, -product));
    return {value, negative ? whole - value : near};
  }
};
template <class Real>
struct PolynomialForm {
  static constexpr Reads kReads = Reads::product;
  Real gamma;
  Real constant;
  std::int64_t degree;
  Real operator()(Real product) const {
    const Real base = std::fma(gamma, product, constant);
    Real power = base;
    for (std::int64_t k = 1; k < degree; ++k) power *= base;
    return power;
  }
};
template <class Real>
struct LinearForm {
  static constexpr Reads kReads = Reads::product;
  Real operator()(Real product) const { return product; }
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

/// Of every sample: x·x, and √k(x, x) before each layer, of which |x| is the first.
template <class Real>
struct SampleScales {
  AlignedVector<Real> squares;
  std::vector<AlignedVector<Real>> deviations;

  SampleScales(const Communicator& comm, const PointwiseKernel& kernel,
               const SamplePanels<Real>& samples) {
    const std::vector<Real> norms = squared_norms(comm, samples);
    squares.assign(norms.begin(), norms.end());
    if (kernel.form != PointwiseForm::arccos) return;
    AlignedVector<Real> values = squares;
    with_form<Real>(kernel, samples.features(), [&](const auto& form) {
      using Form = std::decay_t<decltype(form)>;
      if constexpr (Form::kReads == Reads::pair) {
        for (std::int64_t l = 0; l < kernel.depth; ++l) {
          AlignedVector<Real> roots(values.size());
          for (std::size_t i = 0; i < values.size(); ++i) {
            roots[i] = std::sqrt(values[i]);
            values[i] = form(Pair<Real>{values[i], values[i], Real{0}}).value;
          }
          deviations.push_back(std::move(roots));
        }
      }
    });
  }
};

/// k ← form(k) down a column of a tile.
template <class Real, class Form>
void advance(const Form& form, std::int64_t tile, Real* __restrict k) {
#pragma omp simd
  for (std::int64_t i = 0; i < tile; ++i) k[i] = form(k[i]);
}
template <class Real, class Form>
void advance(const Form& form, std::int64_t tile, const Real* __restrict row_deviation,
             Real deviation, Real* __restrict k, Real* __restrict gap) {
#pragma omp simd
  for (std::int64_t i = 0; i < tile; ++i) {
    const ValueAndGap<Real> next = form(Pair<Real>{row_deviation[i] * deviation, k[i], gap[i]});
    k[i] = next.value;
    gap[i] = next.gap;
  }
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
        row_scales_(comm, kernel, rows_),
        column_scales_(symmetric_ ? row_scales_ : SampleScales<Real>(comm, kernel, columns_)) {}

  [[nodiscard]] std::int64_t rows() const override { return rows_.samples(); }
  [[nodiscard]] std::int64_t columns() const override { return columns_.samples(); }
  [[nodiscard]] std::int64_t block() const override { return rows_.block(); }
  [[nodiscard]] bool symmetric() const override { return symmetric_; }

  [[nodiscard]] double element_error() const override {
    return layered_error<Real>(rows_.features(),
                               kernel_.form == PointwiseForm::arccos ? kernel_.depth : 1);
  }
  /// One GEMM of fixed shape and one pass over the tile a layer: about 25 flops an element for the
  /// exponential, 45 for an arc cosine.
  void compute_strip(std::int64_t row, std::int64_t column, std::int64_t /*strip*/,
                     Real* tile) const override {
    const std::int64_t b = block();
    inner_products(rows_, row, columns_, column, tile);
    with_form<Real>(kernel_, rows_.features(), [&](const auto& form) {
      for (std::int64_t j = 0; j < b; ++j) apply(form, row, column * b + j, tile + j * b);
    });
  }

 private:
  /// From inner products with sample `column` to kernel values.
  template <class Form>
  void apply(const Form& form, std::int64_t row, std::int64_t column, Real* k) const {
    const std::int64_t b = block();
    const Real* const z = columns_.sample(column);
    const auto at = static_cast<std::size_t>(column);
    if constexpr (Form::kReads == Reads::pair) {
      alignas(64) std::array<Real, kLargestTile> gaps;
      const auto& rows = row_scales_.deviations;
      const auto& columns = column_scales_.deviations;
      angle_gaps(rows_, row, rows[0].data() + row * b, z, columns[0][at], k, gaps.data());
      for (std::size_t l = 0; l < rows.size(); ++l) {
        advance(form, b, rows[l].data() + row * b, columns[l][at], k, gaps.data());
      }
    } else {
      if constexpr (Form::kReads == Reads::squared_distance) {
        squared_distances(rows_, row, row_scales_.squares.data() + row * b, z,
                          column_scales_.squares[at], k);
      }
      advance(form, b, k);
    }
  }

  PointwiseKernel kernel_;
  bool symmetric_;
  SamplePanels<Real> rows_;
  SamplePanels<Real> columns_;
  SampleScales<Real> row_scales_;
  SampleScales<Real> column_scales_;
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
