#pragma once

#include <cstdint>

#include "probes/probe.hpp"

namespace thalweg {

struct PacBayesOptions {
  double drop = 0.1;        ///< of the expected accuracy, that is allowed
  double largest = 2.0;     ///< bound of σ
  double tolerance = 0.01;  ///< width of the last bracket over its upper end
  std::int64_t draws = 15;  ///< of ξ at every σ, at least 2
  bool adaptive = false;    ///< deviations σ|w_i| in place of σ
  std::uint64_t seed = 0;
};

/// The PAC-Bayes measure of flatness 1/σ² (Neyshabur et al. 2017, 1706.08947; Jiang et al. 2020,
/// 1912.02178, appendix C): σ is the largest in [0, 2] for which the accuracy expected at w + σξ,
/// ξ ~ N(0, I), is at most `drop` below that at w. Adaptive: w_i + σ|w_i|ξ_i, their magnitude-aware
/// variant without the constant 1e-3 that they add to each deviation.
///
/// The expectation is the mean over the same ξ_1 … ξ_draws at every σ, so the drop is a function of
/// σ alone and bisection has one answer; with the standard error of the drop there, and the σ at
/// which the drop is a standard error less and more than allowed. The drop need not be monotone:
/// `allowed_below` says whether it is allowed at a quarter, a half and three quarters of the answer
/// too. Where it still is at the largest σ, `at_bound` is 1 and that is the answer. draws values
/// for each σ, of which there are 10 to 25; 1 besides.
class PacBayes final : public Probe {
 public:
  explicit PacBayes(PacBayesOptions options) : options_(options) {}
  /// Throws ConfigurationError where the objective knows of no accuracy.
  Measurement measure(Objective<double>& objective, std::span<const double> x,
                      Subset subset) override;

 private:
  PacBayesOptions options_;
};

}  // namespace thalweg
