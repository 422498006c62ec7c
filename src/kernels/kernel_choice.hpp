#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "kernels/convolutional.hpp"
#include "kernels/convolutional_net.hpp"
#include "kernels/empirical_kernel.hpp"
#include "kernels/fully_connected.hpp"
#include "kernels/kernel.hpp"
#include "kernels/pointwise.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

/// Any kernel of the room, by its numbers: what a study file chooses, made into a Kernel of either
/// precision.
class KernelChoice {
 public:
  using Numbers = std::variant<FullyConnectedKernel, ConvolutionalKernel, ConvolutionalNetKernel,
                               PointwiseKernel, EmpiricalKernelOptions>;

  KernelChoice() = default;
  KernelChoice(Numbers numbers) : numbers_(std::move(numbers)) {}

  [[nodiscard]] const Numbers& numbers() const { return numbers_; }
  /// With every number that depends on the training samples filled in. Collective over comm.
  template <class Real>
  [[nodiscard]] KernelChoice fitted(const Communicator& comm, const Samples<Real>& train) const;
  /// The NNGP kernel of the same infinitely wide network. Local. Throws Error unless has_nngp().
  [[nodiscard]] KernelChoice nngp() const;
  /// Is it the tangent kernel of an infinitely wide network?
  [[nodiscard]] bool has_nngp() const;
  /// One line that fixes the kernel's numbers, for records and their checks. Local. Throws Error
  /// for a kernel that has yet to be fitted, or whose numbers are out of their range.
  [[nodiscard]] std::string description() const;
  /// Local. Throws Error as description() does.
  template <class Real>
  [[nodiscard]] std::unique_ptr<Kernel<Real>> make() const;

 private:
  Numbers numbers_;
};

}  // namespace thalweg
