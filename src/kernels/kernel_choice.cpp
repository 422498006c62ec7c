#include "kernels/kernel_choice.hpp"

#include "kernels/fully_connected_tiles.hpp"

namespace thalweg {

namespace {

// One overload a kind of kernel: the types that belong to its numbers.
template <class Real>
std::unique_ptr<Kernel<Real>> kernel_of(const FullyConnectedKernel& numbers) {
  return std::make_unique<FullyConnected<Real>>(numbers);
}

}  // namespace

std::string KernelChoice::description() const {
  return std::visit([](const auto& numbers) { return numbers.description(); }, numbers_);
}

template <class Real>
std::unique_ptr<Kernel<Real>> KernelChoice::make() const {
  return std::visit([](const auto& numbers) { return kernel_of<Real>(numbers); }, numbers_);
}

template std::unique_ptr<Kernel<float>> KernelChoice::make() const;
template std::unique_ptr<Kernel<double>> KernelChoice::make() const;

}  // namespace thalweg
