#pragma once

#include <cstdint>
#include <span>

#include "base/aligned.hpp"
#include "base/pack.hpp"
#include "data/data_options.hpp"
#include "kernels/convolutional.hpp"

namespace thalweg {

/// What the ReLUs of a convolutional kernel need to know of up to kLanes images alone, image by
/// image in the lanes of a pack: with q the variance K(p, p) before a ReLU and f the factor of the
/// layer after it, the deviation √(q f/2) and the inverse 1/√q, so that no pair needs a division.
///
/// Images without variance at a pixel (a receptive field of zeros, q < 2^−120, in double 2^−1000)
/// have both 0, so that kernels with them are 0 there, never NaN. The inverse is off by at most 1.5
/// units in the last place: q·inverse·inverse, as computed, is 1 to 2.5 ε, ε the machine's, and
/// NormalisedRelu takes that for 1. The deviation's square, as computed, is the K of equal patches.
template <class Real>
class InterleavedImages {
 public:
  InterleavedImages(const ConvolutionalKernel& kernel, const ImageShape& shape);
  /// Local. The first `count` ≤ kLanes of the images in `rows` (count × features, row-major); the
  /// other lanes are zero images. One pass of an offset through all layers.
  void prepare(std::span<const Real> rows, std::int64_t count);

  /// channel, y, x, lane
  [[nodiscard]] const Real* pixels() const { return pixels_.data(); }
  /// layer, y, x, lane
  [[nodiscard]] const Real* deviations() const { return deviations_.data(); }
  [[nodiscard]] const Real* inverses() const { return inverses_.data(); }

 private:
  ConvolutionalKernel kernel_;
  ImageShape shape_;
  AlignedVector<Real> pixels_;
  AlignedVector<Real> deviations_;
  AlignedVector<Real> inverses_;
};

/// One image whose rows are `row_length` ≥ width numbers, continued cyclically, so that a load of
/// kLanes numbers from any column meets the partners of kLanes neighbouring offsets.
template <class Real>
class CyclicImage {
 public:
  CyclicImage(const ConvolutionalKernel& kernel, const ImageShape& shape, std::int64_t row_length);
  /// Local. Takes lane `lane` of `images`.
  void take(const InterleavedImages<Real>& images, std::int64_t lane);

  [[nodiscard]] std::int64_t row_length() const { return row_length_; }
  /// channel, y, x
  [[nodiscard]] const Real* pixels() const { return pixels_.data(); }
  /// layer, y, x
  [[nodiscard]] const Real* deviations() const { return deviations_.data(); }
  [[nodiscard]] const Real* inverses() const { return inverses_.data(); }

 private:
  void take_planes(const Real* from, std::int64_t planes, std::int64_t lane, Real* to) const;
  std::int64_t layers_;
  ImageShape shape_;
  std::int64_t row_length_;
  AlignedVector<Real> pixels_;
  AlignedVector<Real> deviations_;
  AlignedVector<Real> inverses_;
};

}  // namespace thalweg
