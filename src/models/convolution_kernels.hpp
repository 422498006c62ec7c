#pragma once

#include <cstdint>
#include <vector>

#include "base/aligned.hpp"
#include "models/convolution_geometry.hpp"
#include "models/convolution_tiles.hpp"
#include "models/padded_images.hpp"

namespace thalweg {

/// The three products of a convolution. Images are height × width × channels (the input also in
/// planes), one after the other; weights filters × channels × kernel height × kernel width. Local;
/// an object keeps buffers, so it serves one thread.
///
/// No im2col: an image is copied once into a zero-padded buffer, where the inputs of an output
/// pixel are one contiguous segment a row of the kernel. Every output is a fixed sum: chains of
/// fused multiply-adds over block of channels, kernel row, column and channel, in that order, cut
/// at fixed places of this order. So its bits do not depend on which or how many images are passed,
/// nor on vector width; they do on nothing but the geometry.
template <class Real>
class ConvolutionKernels {
 public:
  /// Throws Error where the geometry has no output pixel.
  explicit ConvolutionKernels(const ConvolutionGeometry& geometry,
                              ImageOrder input_order = ImageOrder::pixels);

  [[nodiscard]] const ConvolutionGeometry& geometry() const { return geometry_; }

  /// Weights in the order in which `forward` reads them, filters padded to whole vectors.
  void pack_forward(const Real* weights, AlignedVector<Real>& packed) const;
  /// Weights in the order in which `backward_data` reads them, channels padded to whole vectors.
  void pack_backward(const Real* weights, AlignedVector<Real>& packed) const;

  /// out (images × output pixels × filters) = in * weights; with `accumulate`, added to out.
  void forward(const AlignedVector<Real>& packed, const Real* in, std::int64_t images, Real* out,
               bool accumulate = false);

  /// d_in (images × pixels × channels; in pixels whatever the input's order) = the transposed
  /// convolution of d_out; with `accumulate`, added to d_in.
  void backward_data(const AlignedVector<Real>& packed, const Real* d_out, std::int64_t images,
                     Real* d_in, bool accumulate = false);

  /// gradient (filters × channels × kernel height × kernel width) of the images of one shard; with
  /// `add`, added with the bits of a separate addition. Sums over about 128 output
  /// pixels, each from zero, are added in the order of the images.
  void weight_gradient(const Real* in, const Real* d_out, std::int64_t images, Real* gradient,
                       bool add = false);

 private:
  /// One stride-1 product over part of the output's pixels: the whole forward pass, or what
  /// backward data makes of the input pixels of one phase.
  struct Phase {
    TapPlan plan;
    std::int64_t packed_offset = 0;    ///< of its weights
    std::vector<PixelOffsets> pixels;  ///< of `block` images
    std::int64_t pixels_an_image = 0;
  };

  void plan_forward(ImageOrder input_order);
  void plan_backward();
  /// What the input pixels with (y + padding) mod stride = phase_y, and likewise x, get.
  Phase backward_phase(std::int64_t phase_y, std::int64_t phase_x) const;

  ConvolutionGeometry geometry_;
  Phase forward_;
  PaddedImages<Real> input_;
  std::int64_t forward_block_ = 1;  ///< images that are padded together
  std::vector<Phase> backward_;
  PaddedImages<Real> d_out_;
  std::int64_t backward_block_ = 1;
  std::int64_t backward_packed_ = 0;  ///< numbers of all phases' packed weights
  AlignedVector<Real> section_d_out_;
  AlignedVector<Real> sums_;
};

}  // namespace thalweg
