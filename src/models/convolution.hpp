#pragma once

#include <memory>
#include <string>

#include "models/convolution_geometry.hpp"
#include "models/convolution_kernels.hpp"
#include "models/layer.hpp"

namespace thalweg {

struct ConvolutionOptions {
  bool bias = true;
  std::string initialisation = "he_normal";  ///< of initialisation_names()
  double gain = 2.0;                         ///< of he_…: 2 before a ReLU
  /// Of the images that come in; those that go out have their channels last.
  ImageOrder input_order = ImageOrder::pixels;
};

/// Cross-correlation with filters × channels × kernel height × kernel width weights, then one bias
/// a filter. Flops a row: ConvolutionGeometry::flops() forward, twice that backward; a product with
/// the Hessian eight times, six after the first at a point.
template <class Real>
std::unique_ptr<Layer<Real>> make_convolution(const ConvolutionGeometry& geometry,
                                              const ConvolutionOptions& options,
                                              const std::string& name);

}  // namespace thalweg
