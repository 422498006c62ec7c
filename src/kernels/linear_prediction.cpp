#include "kernels/linear_prediction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

LinearPrediction::LinearPrediction(std::vector<double> gram, std::span<const double> gap,
                                   std::int64_t outputs)
    : n_(static_cast<std::int64_t>(gap.size()) / outputs), outputs_(outputs) {
  if (n_ < 1 || n_ * outputs != static_cast<std::int64_t>(gap.size())) {
    throw Error(fmt::format("linear prediction: {} gaps for {} outputs", gap.size(), outputs));
  }
  if (static_cast<std::int64_t>(gram.size()) != n_ * n_) {
    throw Error(
        fmt::format("linear prediction: a Gram of {} numbers for {} samples", gram.size(), n_));
  }
  eigen_ = dense_symmetric_eigen(std::move(gram), n_);  // its columns are rows here
  projections_.resize(gap.size());
  gemm(false, false, n_, outputs_, n_, 1.0, eigen_.vectors.data(), gap.data(), 0.0,
       projections_.data());
}

double LinearPrediction::null_eigenvalue() const {
  return static_cast<double>(n_) * std::numeric_limits<double>::epsilon() *
         std::max(std::abs(eigen_.values.back()), std::abs(eigen_.values.front()));
}

std::vector<double> LinearPrediction::back(std::span<const double> scaled) const {
  std::vector<double> whole(scaled.size());
  gemm(true, false, n_, outputs_, n_, 1.0, eigen_.vectors.data(), scaled.data(), 0.0, whole.data());
  return whole;
}

std::vector<double> LinearPrediction::gap_at(const LinearTraining& training, double t) const {
  std::vector<double> scaled = projections_;
  const auto width = static_cast<std::size_t>(outputs_);
  for (std::size_t i = 0; i < eigen_.values.size(); ++i) {
    const double left = gap_left(training, eigen_.values[i], t);
    for (std::size_t o = 0; o < width; ++o) scaled[i * width + o] *= left;
  }
  return back(scaled);
}

std::vector<double> LinearPrediction::change_at(const LinearTraining& training,
                                                std::span<const double> cross, double t) const {
  const auto m = static_cast<std::int64_t>(cross.size()) / n_;
  if (m * n_ != static_cast<std::int64_t>(cross.size())) {
    throw Error(fmt::format("linear prediction: {} kernel values for {} training samples",
                            cross.size(), n_));
  }
  const auto alpha = back(filtered(training, eigen_.values, projections_, outputs_, t));
  std::vector<double> change(static_cast<std::size_t>(m * outputs_));
  gemm(false, false, m, outputs_, n_, 1.0, cross.data(), alpha.data(), 0.0, change.data());
  return change;
}

}  // namespace thalweg
