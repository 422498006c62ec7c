#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "kernels/fully_connected.hpp"
#include "kernels/kernel.hpp"
#include "kernels/pointwise.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// A kernel with all of its hyperparameters but the ridge.
struct KernelCandidate {
  std::variant<FullyConnectedKernel, PointwiseKernel> kernel;
  /// What tells it from the others of its family, such as "depth 2, trained from 1".
  std::string label;

  /// The kernel, for training samples of this median distance. Local.
  [[nodiscard]] std::unique_ptr<Kernel<double>> make(double median) const;
  [[nodiscard]] bool needs_median() const;
};

/// A row of the study's table: kernels of one kind, among which the training samples choose.
struct KernelFamily {
  std::string name;
  std::vector<KernelCandidate> candidates;
};

/// Reads the [[kernel]] tables: type (ntk, nngp or one of pointwise_form_names()), name (default:
/// the type), and the values that form the grid:
/// - ntk: depths (default 1 to 5), fixed (true: with every number of first layers fixed, from none
///   to all but the last), activation, bias_variance; nngp: depths, activation, bias_variance;
/// - gaussian, laplace: median_factors;
/// - arccos: degrees, depths; polynomial: degrees, constant.
/// Local. Throws ConfigurationError naming file, line and key.
std::vector<KernelFamily> read_kernel_families(const Settings& settings);

}  // namespace thalweg
