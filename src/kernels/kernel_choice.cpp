#include "kernels/kernel_choice.hpp"

#include "kernels/fully_connected_tiles.hpp"

namespace thalweg {

namespace {

// One overload a kind of kernel: the types that belong to its numbers.
template <class Real>
std::unique_ptr<Kernel<Real>> kernel_of(const FullyConnectedKernel& numbers) {
  return std::make_unique<FullyConnected<Real>>(numbers);
}

// What only networks have: one overload a kind of network.
std::optional<KernelChoice> nngp_of(FullyConnectedKernel numbers) {
  numbers.first_trained = numbers.depth;
  return KernelChoice(numbers);
}

}  // namespace

std::optional<KernelChoice> KernelChoice::nngp() const {
  return std::visit([](const auto& numbers) { return nngp_of(numbers); }, numbers_);
}

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
