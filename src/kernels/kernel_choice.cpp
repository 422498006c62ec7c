#include "kernels/kernel_choice.hpp"

#include "base/error.hpp"
#include "kernels/convolutional_net_tiles.hpp"
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
std::unique_ptr<Kernel<Real>> kernel_of(const ConvolutionalNetKernel& numbers) {
  return std::make_unique<ConvolutionalNet<Real>>(numbers);
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

template <class Real>
KernelChoice KernelChoice::fitted(const Communicator& comm, const Samples<Real>& train) const {
  const auto* pointwise = std::get_if<PointwiseKernel>(&numbers_);
  if (pointwise == nullptr || !pointwise->needs_median()) return *this;
  return {pointwise->with_median(median_distance(comm, train))};
}

bool KernelChoice::has_nngp() const {
  return std::holds_alternative<FullyConnectedKernel>(numbers_) ||
         std::holds_alternative<ConvolutionalKernel>(numbers_);
}

KernelChoice KernelChoice::nngp() const {
  if (const auto* dense = std::get_if<FullyConnectedKernel>(&numbers_)) {
    FullyConnectedKernel kernel = *dense;
    kernel.first_trained = kernel.depth;
    return {kernel};
  }
  if (const auto* convolutional = std::get_if<ConvolutionalKernel>(&numbers_)) {
    ConvolutionalKernel kernel = *convolutional;
    kernel.set_trained("last");
    return {kernel};
  }
  throw Error("no infinitely wide network belongs to this kernel: " + description());
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
