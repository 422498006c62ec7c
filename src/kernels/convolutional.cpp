#include "kernels/convolutional.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/error.hpp"

namespace thalweg {

Readout readout_named(const std::string& name) {
  if (name == "flatten") return Readout::flatten;
  if (name == "gap") return Readout::global_average_pool;
  throw Error(fmt::format("readout '{}' is not known, only flatten and gap", name));
}

const char* readout_name(Readout readout) {
  return readout == Readout::flatten ? "flatten" : "gap";
}

void ConvolutionalKernel::set_trained(const std::string& name) {
  if (name == "all") {
    first_trained = 0;
    last_trained = true;
  } else if (name == "last") {
    first_trained = convolutions;
    last_trained = true;
  } else if (name == "inner") {
    first_trained = 1;
    last_trained = false;
  } else {
    throw Error(fmt::format("trained '{}' is not known, only all, last and inner", name));
  }
}

double ConvolutionalKernel::first_factor(std::int64_t channels) const {
  return input_scaling ? convolution_factor() / static_cast<double>(channels) : 1.0;
}

double ConvolutionalKernel::convolution_factor() const {
  return weight_variance / static_cast<double>(kernel_size * kernel_size);
}

double ConvolutionalKernel::readout_divisor(const ImageShape& shape) const {
  const auto pixels = static_cast<double>(shape.height * shape.width);
  if (readout == Readout::global_average_pool) return pixels * pixels;
  return input_scaling ? pixels : 1.0;
}

void ConvolutionalKernel::check() const {
  if (convolutions < 1) {
    throw Error(
        fmt::format("convolutional kernel: convolutions = {}, expected at least 1", convolutions));
  }
  if (kernel_size < 1 || kernel_size > 7 || kernel_size % 2 == 0) {
    throw Error(
        fmt::format("convolutional kernel: kernel_size = {}, expected 1, 3, 5 or 7", kernel_size));
  }
  if (!(weight_variance > 0.0) || !std::isfinite(weight_variance)) {
    throw Error(fmt::format("convolutional kernel: weight_variance = {}, expected a number > 0",
                            weight_variance));
  }
  if (!(bias_variance >= 0.0) || !std::isfinite(bias_variance)) {
    throw Error(fmt::format("convolutional kernel: bias_variance = {}, expected a number ≥ 0",
                            bias_variance));
  }
  if (first_trained < 0 || first_trained > convolutions) {
    throw Error(fmt::format("convolutional kernel: first_trained = {}, expected 0..{}",
                            first_trained, convolutions));
  }
}

std::string ConvolutionalKernel::description() const {
  return fmt::format(
      "convolutional relu, convolutions {}, kernel_size {}, weight_variance {}, bias_variance {}, "
      "readout {}, input_scaling {}, trained from layer {} to {}",
      convolutions, kernel_size, weight_variance, bias_variance, readout_name(readout),
      input_scaling, first_trained, last_trained ? convolutions : convolutions - 1);
}

}  // namespace thalweg
