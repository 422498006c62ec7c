#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/kernel.hpp"
#include "kernels/sample_panels.hpp"

namespace thalweg {

enum class PointwiseForm { gaussian, laplace, arccos, polynomial, linear };

/// The names of study files: gaussian | laplace | arccos | polynomial | linear. Throws Error for
/// another.
[[nodiscard]] PointwiseForm pointwise_form_named(const std::string& name);
[[nodiscard]] const std::vector<std::string>& pointwise_form_names();

/// A kernel that is a function of x·x, x·x' and x'·x' alone, no network:
/// - gaussian exp(−‖x−x'‖²/2ℓ²), laplace exp(−‖x−x'‖/ℓ);
/// - arccos, Cho & Saul 2009: k_n(x, x') = (1/π) ‖x‖ⁿ ‖x'‖ⁿ J_n(θ), composed `depth` times;
/// - polynomial (γ x·x' + c)^degree;
/// - linear x·x'.
struct PointwiseKernel {
  PointwiseForm form = PointwiseForm::gaussian;
  double length_scale = 0.0;   ///< ℓ of gaussian and laplace; 0: from the median, see with_median
  double median_factor = 1.0;  ///< ℓ in median distances of the training samples
  std::int64_t degree = 3;     ///< n of arccos, 0 to 2; of polynomial, ≥ 1
  std::int64_t depth = 1;      ///< of arccos
  double gamma = 0.0;          ///< γ; 0: 1/features
  double constant = 1.0;       ///< c ≥ 0

  [[nodiscard]] bool has_length_scale() const {
    return form == PointwiseForm::gaussian || form == PointwiseForm::laplace;
  }
  [[nodiscard]] bool needs_median() const { return has_length_scale() && length_scale == 0.0; }
  /// The kernel with ℓ = median_factor · `median` where it needs one, see median_distance. Local.
  [[nodiscard]] PointwiseKernel with_median(double median) const;
  /// One line that fixes the kernel's numbers, for records and their checks.
  [[nodiscard]] std::string description() const;
};

/// So many of the first samples have a say in the median distance.
inline constexpr std::int64_t kMedianSamples = 2000;

/// The median of the Euclidean distances of all pairs among the first kMedianSamples samples (of an
/// even number, the mean of the two in the middle): the "median heuristic" for ℓ. In float64, by
/// differences of coordinates, so identical samples have distance 0 and nothing cancels. The same
/// bits on any number of ranks. Collective over comm, whose ranks share the work. Throws Error for
/// fewer than two samples or where the median is 0.
template <class Real>
double median_distance(const Communicator& comm, const Samples<Real>& samples);

/// A pointwise kernel as a Kernel.
///
/// Accuracy. ‖x−x'‖² and angles from inner products, and from the samples themselves where those
/// cancel (close_pairs.hpp): identical samples give exactly k(x, x), others an error relative to
/// √(k(x, x) k(x', x')) of some ε √features, ε the machine's, wherever the samples lie. Far from
/// the origin every pair is close, which costs more: centre the data first.
template <class Real>
class Pointwise final : public Kernel<Real> {
 public:
  /// Throws ConfigurationError for parameters out of range: ℓ, γ, c or a degree that make no
  /// kernel, or an ℓ that still needs the median.
  explicit Pointwise(const PointwiseKernel& kernel);
  [[nodiscard]] std::string description() const override { return kernel_.description(); }
  [[nodiscard]] std::unique_ptr<KernelTiles<Real>> between(const Communicator& comm,
                                                           const Samples<Real>& rows,
                                                           const Samples<Real>& columns,
                                                           std::int64_t block) const override;

 private:
  PointwiseKernel kernel_;
};

}  // namespace thalweg
