#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "kernels/fully_connected.hpp"
#include "kernels/kernel.hpp"

namespace thalweg {

/// Any kernel of the room, by its numbers: what a study file chooses, made into a Kernel of either
/// precision.
class KernelChoice {
 public:
  using Numbers = std::variant<FullyConnectedKernel>;

  KernelChoice() = default;
  KernelChoice(Numbers numbers) : numbers_(std::move(numbers)) {}

  [[nodiscard]] const Numbers& numbers() const { return numbers_; }
  /// One line that fixes the kernel's numbers, for records and their checks.
  [[nodiscard]] std::string description() const;
  /// Local. The NNGP kernel of the same networks (the last layer alone trained); nothing for a
  /// kernel that is not of networks.
  [[nodiscard]] std::optional<KernelChoice> nngp() const;
  /// Local.
  template <class Real>
  [[nodiscard]] std::unique_ptr<Kernel<Real>> make() const;

 private:
  Numbers numbers_;
};

}  // namespace thalweg
