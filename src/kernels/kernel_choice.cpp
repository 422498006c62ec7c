#include "kernels/kernel_choice.hpp"

#include "kernels/convolutional_tiles.hpp"
#include "kernels/fully_connected_tiles.hpp"

namespace thalweg {

namespace {

// One overload a kind of kernel: the type that belongs to its numbers.
template <class Real>
std::unique_ptr<Kernel<Real>> kernel_of(const FullyConnectedKernel& numbers) {
  return std::make_unique<FullyConnected<Real>>(numbers);
}
template <class Real>
std::unique_ptr<Kernel<Real>> kernel_of(const ConvolutionalKernel& numbers) {
  return std::make_unique<Convolutional<Real>>(numbers);
}
template <class Real>
std::unique_ptr<Kernel<Real>> kernel_of(const PointwiseKernel& numbers) {
  return std::make_unique<Pointwise<Real>>(numbers);
}
template <class Real>
std::unique_ptr<Kernel<Real>> kernel_of(const EmpiricalKernelOptions& numbers) {
  return std::make_unique<EmpiricalKernel<Real>>(numbers);
}

}  // namespace

KernelChoice KernelChoice::with_median_length(PointwiseKernel kernel, double factor) {
  KernelChoice choice(kernel);
  choice.median_factor_ = factor;
  return choice;
}

template <class Real>
KernelChoice KernelChoice::fitted(const Communicator& comm, const Samples<Real>& train) const {
  if (!median_factor_) return *this;
  auto kernel = std::get<PointwiseKernel>(numbers_);
  kernel.length_scale = *median_factor_ * median_distance(comm, train);
  return {kernel};
}

std::string KernelChoice::description() const {
  return make<double>()->description();
}

template <class Real>
std::unique_ptr<Kernel<Real>> KernelChoice::make() const {
  return std::visit([](const auto& numbers) { return kernel_of<Real>(numbers); }, numbers_);
}

template KernelChoice KernelChoice::fitted(const Communicator&, const Samples<float>&) const;
template KernelChoice KernelChoice::fitted(const Communicator&, const Samples<double>&) const;
template std::unique_ptr<Kernel<float>> KernelChoice::make() const;
template std::unique_ptr<Kernel<double>> KernelChoice::make() const;

}  // namespace thalweg
