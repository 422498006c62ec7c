#include "objectives/analytic/analytic.hpp"

#include <algorithm>
#include <utility>

namespace thalweg {

AnalyticObjective::AnalyticObjective(const Communicator& team, std::int64_t dimension,
                                     Formulas formulas)
    : space_(team, dimension),
      formulas_(std::move(formulas)),
      whole_(static_cast<std::size_t>(dimension)) {}

double AnalyticObjective::value(std::span<const double> x, Subset /*subset*/) {
  return formulas_.value(x);
}

double AnalyticObjective::gradient(std::span<const double> x, Subset /*subset*/,
                                   std::span<double> gradient_slice) {
  formulas_.gradient(x, whole_);
  const auto mine = space_.slice_of(std::span<const double>(whole_));
  std::copy(mine.begin(), mine.end(), gradient_slice.begin());
  return formulas_.value(x);
}

void AnalyticObjective::hessian_vector(std::span<const double> x, std::span<const double> v,
                                       Subset /*subset*/, std::span<double> product_slice) {
  formulas_.hessian_vector(x, v, whole_);
  const auto mine = space_.slice_of(std::span<const double>(whole_));
  std::copy(mine.begin(), mine.end(), product_slice.begin());
}

namespace {

void multiply(const std::vector<double>& matrix, std::span<const double> x, std::span<double> y) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    double sum = 0.0;
    for (std::size_t j = 0; j < x.size(); ++j) sum += matrix[i * x.size() + j] * x[j];
    y[i] = sum;
  }
}

double product_without(std::span<const double> w, std::size_t i, std::size_t j) {
  double product = 1.0;
  for (std::size_t k = 0; k < w.size(); ++k) {
    if (k != i && k != j) product *= w[k];
  }
  return product;
}

}  // namespace

AnalyticObjective::Formulas quadratic(std::vector<double> hessian, std::vector<double> centre,
                                      std::vector<double> linear, double constant) {
  linear.resize(centre.size(), 0.0);
  const auto gradient = [hessian, centre, linear](std::span<const double> x, std::span<double> g) {
    std::vector<double> shifted(x.begin(), x.end());
    for (std::size_t i = 0; i < shifted.size(); ++i) shifted[i] -= centre[i];
    multiply(hessian, shifted, g);
    for (std::size_t i = 0; i < g.size(); ++i) g[i] += linear[i];
  };
  return {[hessian, centre, linear, constant](std::span<const double> x) {
            std::vector<double> shifted(x.begin(), x.end());
            for (std::size_t i = 0; i < shifted.size(); ++i) shifted[i] -= centre[i];
            std::vector<double> product(x.size());
            multiply(hessian, shifted, product);
            double sum = constant;
            for (std::size_t i = 0; i < x.size(); ++i)
              sum += 0.5 * shifted[i] * product[i] + linear[i] * x[i];
            return sum;
          },
          gradient,
          [hessian](std::span<const double> /*x*/, std::span<const double> v,
                    std::span<double> product) { multiply(hessian, v, product); }};
}

AnalyticObjective::Formulas scalar_chain() {
  const auto none = [](std::span<const double> w) { return w.size(); };
  return {[none](std::span<const double> w) {
            const double gap = product_without(w, none(w), none(w)) - 1.0;
            return 0.5 * gap * gap;
          },
          [none](std::span<const double> w, std::span<double> g) {
            const double gap = product_without(w, none(w), none(w)) - 1.0;
            for (std::size_t i = 0; i < w.size(); ++i) g[i] = gap * product_without(w, i, none(w));
          },
          [none](std::span<const double> w, std::span<const double> v, std::span<double> product) {
            const double gap = product_without(w, none(w), none(w)) - 1.0;
            double along = 0.0;
            for (std::size_t j = 0; j < w.size(); ++j)
              along += product_without(w, j, none(w)) * v[j];
            for (std::size_t i = 0; i < w.size(); ++i) {
              product[i] = along * product_without(w, i, none(w));
              for (std::size_t j = 0; j < w.size(); ++j) {
                if (j != i) product[i] += gap * product_without(w, i, j) * v[j];
              }
            }
          }};
}

}  // namespace thalweg
