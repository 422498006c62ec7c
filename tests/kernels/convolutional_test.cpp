#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "kernels/convolutional_tiles.hpp"
#include "kernels/duals.hpp"
#include "parallel/communicator.hpp"
#include "support/alone.hpp"

namespace thalweg {
namespace {

ConvolutionalKernel published(std::int64_t depth, Readout readout, const char* trained) {
  ConvolutionalKernel kernel;
  kernel.convolutions = depth - 1;
  kernel.input_scaling = false;
  kernel.readout = readout;
  kernel.set_trained(trained);
  return kernel;
}

/// All values of images with each other, rows as given, through tiles of the given side.
template <class Real>
std::vector<double> gram(const ConvolutionalKernel& kernel, const ImageShape& shape,
                         const std::vector<double>& images, std::int64_t block = 4) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const std::vector<Real> rows(images.begin(), images.end());
  const std::vector<Real> copy = rows;  // not the same span: every element is computed
  const Samples<Real> left{rows, shape};
  const Samples<Real> right{copy, shape};
  const auto tiles = Convolutional<Real>(kernel).between(comm, left, right, block);
  const std::int64_t n = left.size();
  std::vector<double> values(static_cast<std::size_t>(n * n));
  std::vector<Real> tile(static_cast<std::size_t>(block * block));
  for (std::int64_t r = 0; r < tiles->row_panels(); ++r) {
    for (std::int64_t c = 0; c < tiles->column_panels(); ++c) {
      tiles->compute(r, c, tile.data());
      for (std::int64_t i = r * block; i < std::min(n, (r + 1) * block); ++i) {
        for (std::int64_t j = c * block; j < std::min(n, (c + 1) * block); ++j) {
          values[static_cast<std::size_t>(i * n + j)] = static_cast<double>(
              tile[static_cast<std::size_t>(i - r * block + (j - c * block) * block)]);
        }
      }
    }
  }
  return values;
}

/// The definition, pixel pair by pixel pair, in double precision.
double direct_value(const ConvolutionalKernel& kernel, const ImageShape& shape, const double* x,
                    const double* z) {
  const std::int64_t h = shape.height;
  const std::int64_t w = shape.width;
  const std::int64_t pixels = h * w;
  const std::int64_t radius = kernel.kernel_size / 2;
  using Matrix = std::vector<double>;
  const auto at = [&](std::int64_t p, std::int64_t q) {
    return static_cast<std::size_t>(p * pixels + q);
  };
  const auto product = [&](const double* a, const double* b) {
    Matrix k(static_cast<std::size_t>(pixels * pixels));
    for (std::int64_t p = 0; p < pixels; ++p) {
      for (std::int64_t q = 0; q < pixels; ++q) {
        double sum = 0.0;
        for (std::int64_t c = 0; c < shape.channels; ++c)
          sum += a[c * pixels + p] * b[c * pixels + q];
        k[at(p, q)] = kernel.input_scaling ? sum / static_cast<double>(shape.channels) : sum;
      }
    }
    return k;
  };
  const auto box = [&](const Matrix& k) {
    Matrix out(k.size(), 0.0);
    for (std::int64_t p = 0; p < pixels; ++p) {
      for (std::int64_t q = 0; q < pixels; ++q) {
        for (std::int64_t dy = -radius; dy <= radius; ++dy) {
          for (std::int64_t dx = -radius; dx <= radius; ++dx) {
            const std::int64_t py = p / w + dy;
            const std::int64_t px = p % w + dx;
            const std::int64_t qy = q / w + dy;
            const std::int64_t qx = q % w + dx;
            if (py < 0 || py >= h || px < 0 || px >= w) continue;
            if (qy < 0 || qy >= h || qx < 0 || qx >= w) continue;
            out[at(p, q)] += k[at(py * w + px, qy * w + qx)];
          }
        }
      }
    }
    return out;
  };
  Matrix xx = product(x, x);
  Matrix zz = product(z, z);
  Matrix xz = product(x, z);
  Matrix theta(xz.size(), 0.0);
  const double factor =
      kernel.weight_variance / static_cast<double>(kernel.kernel_size * kernel.kernel_size);
  const auto affine = [&](Matrix k, double scale, double shift) {
    for (double& value : k) value = scale * value + shift;
    return k;
  };
  for (std::int64_t l = 0; l < kernel.convolutions; ++l) {
    const double scale = l == 0 && !kernel.input_scaling ? 1.0 : factor;
    xx = affine(box(xx), scale, kernel.bias_variance);
    zz = affine(box(zz), scale, kernel.bias_variance);
    xz = affine(box(xz), scale, kernel.bias_variance);
    theta = affine(box(theta), scale, 0.0);
    Matrix next_xx(xx.size());
    Matrix next_zz(xx.size());
    for (std::int64_t p = 0; p < pixels; ++p) {
      for (std::int64_t q = 0; q < pixels; ++q) {
        const std::size_t e = at(p, q);
        if (l >= kernel.first_trained) theta[e] += xz[e];
        const auto dual = relu_dual(xx[at(p, p)], xz[e], zz[at(q, q)]);
        next_xx[e] = relu_dual(xx[at(p, p)], xx[e], xx[at(q, q)]).value;
        next_zz[e] = relu_dual(zz[at(p, p)], zz[e], zz[at(q, q)]).value;
        xz[e] = dual.value;
        theta[e] *= dual.derivative;
      }
    }
    xx = next_xx;
    zz = next_zz;
  }
  double k_sum = 0.0;
  double theta_sum = 0.0;
  for (std::int64_t p = 0; p < pixels; ++p) {
    for (std::int64_t q = 0; q < pixels; ++q) {
      if (kernel.readout == Readout::flatten && p != q) continue;
      k_sum += xz[at(p, q)];
      theta_sum += theta[at(p, q)];
    }
  }
  const double count = static_cast<double>(pixels);
  const double divisor = kernel.readout == Readout::global_average_pool ? count * count
                         : kernel.input_scaling                         ? count
                                                                        : 1.0;
  const double last = kernel.input_scaling ? kernel.weight_variance : factor;
  const double k = last * k_sum / divisor + kernel.bias_variance;
  return last * theta_sum / divisor + (kernel.last_trained ? k : 0.0);
}

std::vector<double> random_images(const ImageShape& shape, std::int64_t count, std::uint64_t seed) {
  Stream stream(seed, Purpose::test, 0);
  std::vector<double> images(static_cast<std::size_t>(shape.features() * count));
  // Numbers that float holds exactly, so that both precisions see the same images.
  for (double& value : images) value = static_cast<double>(static_cast<float>(stream.normal()));
  return images;
}

void expect_direct(const ConvolutionalKernel& kernel, const ImageShape& shape,
                   const std::vector<double>& images, double tolerance, double float_tolerance) {
  const std::int64_t n = static_cast<std::int64_t>(images.size()) / shape.features();
  const auto values = gram<double>(kernel, shape, images);
  const auto single = gram<float>(kernel, shape, images);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      const double direct = direct_value(kernel, shape, images.data() + i * shape.features(),
                                         images.data() + j * shape.features());
      const auto e = static_cast<std::size_t>(i * n + j);
      EXPECT_NEAR(values[e], direct, tolerance * std::abs(direct))
          << kernel.description() << " of " << i << ", " << j;
      EXPECT_NEAR(single[e], direct, float_tolerance * std::abs(direct))
          << kernel.description() << " of " << i << ", " << j;
    }
  }
}

struct PublishedRow {
  std::int64_t depth;
  double vanilla_aa;
  double vanilla_ab;
  double gap_aa;
  double gap_ab;
  double gap_inner_ab;
};
// Published convention, one channel of 3 × 3, computed with 50 digits.
const std::array<PublishedRow, 4> kPublished{{
    {2, 3.3444444444444444, 2.1820155287342882, .20195438673170666, .17130793289862059, 0},
    {3, 3.3055555555555556, 2.0054003518038274, .14803724639610278, .11769377867438024,
     .032459667538765445},
    {11, .37401577011070264, .1591991400512609, .0076216026073064731, .0048153473016235314,
     .0028178170874175199},
    {21, .0092641405528271042, .0033172649987900131, .00015313709986002362, 7.7890684820397196e-5,
     5.2217022326981944e-5},
}};
const std::vector<double> kPublishedImages{.1, .2, .3, .4, .5, .6, .7, .8, .9,
                                           .9, .7, .5, .3, .1, .2, .4, .6, .8};

TEST(Convolutional, PublishedConventionToThirteenDigits) {
  const ImageShape shape{1, 3, 3};
  for (const PublishedRow& row : kPublished) {
    const auto check = [&](Readout readout, const char* trained, double aa, double ab) {
      const auto kernel = published(row.depth, readout, trained);
      const auto values = gram<double>(kernel, shape, kPublishedImages);
      const auto single = gram<float>(kernel, shape, kPublishedImages);
      EXPECT_NEAR(values[1], ab, 2e-14 * ab) << kernel.description();
      EXPECT_NEAR(values[2], ab, 2e-14 * ab) << kernel.description();
      EXPECT_NEAR(single[1], ab, 1e-5 * ab) << kernel.description();
      if (aa > 0) {
        EXPECT_NEAR(values[0], aa, 2e-14 * aa) << kernel.description();
        EXPECT_NEAR(single[0], aa, 1e-5 * aa) << kernel.description();
      }
    };
    check(Readout::flatten, "all", row.vanilla_aa, row.vanilla_ab);
    check(Readout::global_average_pool, "all", row.gap_aa, row.gap_ab);
    check(Readout::global_average_pool, "inner", 0, row.gap_inner_ab);
  }
}

TEST(Convolutional, ScalesOfTheTwoConventionsAreExact) {
  const ImageShape shape{3, 4, 4};
  const auto images = random_images(shape, 2, 11);
  for (const auto readout : {Readout::flatten, Readout::global_average_pool}) {
    for (const std::int64_t convolutions : {1, 2, 5}) {
      ConvolutionalKernel theirs = published(convolutions + 1, readout, "all");
      ConvolutionalKernel ours = theirs;
      ours.input_scaling = true;
      const double ratio = readout == Readout::flatten ? 2.0 / (3.0 * 16.0) : 2.0 / 3.0;
      const auto a = gram<double>(ours, shape, images);
      const auto b = gram<double>(theirs, shape, images);
      for (std::size_t e = 0; e < a.size(); ++e) EXPECT_NEAR(a[e], ratio * b[e], 1e-14 * a[e]);
    }
  }
}

TEST(Convolutional, AgreesWithTheDefinitionPixelPairByPixelPair) {
  const ImageShape shape{3, 5, 4};
  const auto images = random_images(shape, 3, 5);
  for (const auto readout : {Readout::flatten, Readout::global_average_pool}) {
    for (const double bias : {0.0, 0.3}) {
      for (const std::int64_t convolutions : {1, 2, 4}) {
        ConvolutionalKernel kernel;
        kernel.convolutions = convolutions;
        kernel.readout = readout;
        kernel.weight_variance = 1.7;
        kernel.bias_variance = bias;
        expect_direct(kernel, shape, images, 1e-12, 1e-5);
        for (std::int64_t first = 1; first <= convolutions; ++first) {
          kernel.first_trained = first;
          expect_direct(kernel, shape, images, 1e-12, 1e-5);
        }
        kernel.first_trained = 0;
        kernel.last_trained = false;
        expect_direct(kernel, shape, images, 1e-12, 1e-5);
      }
    }
  }
}

TEST(Convolutional, ImagesAndWindowsOfAnySize) {
  THALWEG_SKIP_UNLESS_ALONE();
  for (const ImageShape& shape :
       {ImageShape{3, 1, 1}, ImageShape{3, 1, 5}, ImageShape{3, 6, 1}, ImageShape{4, 2, 3},
        ImageShape{3, 3, 17}, ImageShape{3, 4, 33}}) {
    const auto images = random_images(shape, 2, 7);
    for (const std::int64_t kernel_size : {1, 3, 5, 7}) {
      for (const auto readout : {Readout::flatten, Readout::global_average_pool}) {
        ConvolutionalKernel kernel;
        kernel.convolutions = 3;
        kernel.kernel_size = kernel_size;
        kernel.readout = readout;
        kernel.bias_variance = kernel_size == 5 ? 0.1 : 0.0;
        expect_direct(kernel, shape, images, 1e-12, 1e-5);
      }
    }
  }
}

TEST(Convolutional, OnePixelIsTheFullyConnectedNet) {
  // A 1 × 1 window over one pixel of C channels is a dense layer of C features; (1, 0), (.6, .8).
  ConvolutionalKernel kernel;
  kernel.kernel_size = 1;
  const std::array<double, 3> expected{1.100447226585993, 1.54441630067721, 1.952286685184652};
  for (std::int64_t depth = 1; depth <= 3; ++depth) {
    kernel.convolutions = depth;
    for (const auto readout : {Readout::flatten, Readout::global_average_pool}) {
      kernel.readout = readout;
      const auto values = gram<double>(kernel, {2, 1, 1}, {1, 0, .6, .8});
      EXPECT_NEAR(values[1], expected[static_cast<std::size_t>(depth - 1)], 1e-14);
    }
  }
}

TEST(Convolutional, EmptyReceptiveFieldsAndConstantImagesGiveNumbers) {
  const ImageShape shape{1, 6, 6};
  std::vector<double> images(4 * 36, 0.0);               // an empty image,
  for (std::size_t i = 36; i < 72; ++i) images[i] = .7;  // a constant one,
  images[72 + 35] = 1.0;                                 // one pixel in a corner,
  images[108] = -.5;                                     // and one in the other
  for (const auto readout : {Readout::flatten, Readout::global_average_pool}) {
    for (const std::int64_t convolutions : {1, 3, 8}) {
      ConvolutionalKernel kernel;
      kernel.convolutions = convolutions;
      kernel.readout = readout;
      // Opposite patches cancel: what rounding leaves of them is small beside the variances.
      expect_direct(kernel, shape, images, 1e-8, 1e-3);
      for (std::size_t j = 0; j < 4; ++j) {
        EXPECT_EQ(gram<double>(kernel, shape, images)[j], 0.0);
        EXPECT_EQ(gram<float>(kernel, shape, images)[j], 0.0);
      }
    }
  }
}

TEST(Convolutional, EqualPatchesHaveNoAngle) {
  // An image with itself under flatten: all angles are 0, so that E[φ'φ'] = 1/2 everywhere and with
  // σ_w² = 2, k = 1 the value is (convolutions + 1) K⁰·2 to rounding, also in single precision.
  const ImageShape shape{3, 8, 8};
  auto images = random_images(shape, 1, 3);
  double square = 0.0;
  for (const double value : images) square += value * value;
  ConvolutionalKernel kernel;
  kernel.kernel_size = 1;
  kernel.readout = Readout::flatten;
  for (const std::int64_t convolutions : {3, 10, 20}) {
    kernel.convolutions = convolutions;
    const double exact = 2.0 * square / 192.0 * static_cast<double>(convolutions + 1);
    EXPECT_NEAR(gram<double>(kernel, shape, images)[0] / exact, 1.0, 1e-14);
    EXPECT_NEAR(gram<float>(kernel, shape, images)[0] / exact, 1.0, 2e-6);
  }
}

TEST(Convolutional, SinglePrecisionKeepsFiveDigitsOnDeepNetsAndSmoothImages) {
  // Gradients and saturated areas, as photographs have them, where angles are small or zero.
  const ImageShape shape{3, 16, 16};
  std::vector<double> images;
  for (const double phase : {0.0, 0.7}) {
    for (std::int64_t c = 0; c < 3; ++c) {
      for (std::int64_t p = 0; p < 256; ++p) {
        const double wave = std::sin(.2 * static_cast<double>(p / 16) + phase) +
                            std::cos(.15 * static_cast<double>(p % 16 + c) - phase);
        images.push_back(static_cast<double>(static_cast<float>(std::clamp(wave, 0.0, 1.0))));
      }
    }
  }
  for (const auto readout : {Readout::flatten, Readout::global_average_pool}) {
    for (const std::int64_t convolutions : {2, 10, 20}) {
      ConvolutionalKernel kernel;
      kernel.convolutions = convolutions;
      kernel.readout = readout;
      const auto exact = gram<double>(kernel, shape, images);
      const auto single = gram<float>(kernel, shape, images);
      for (std::size_t e = 0; e < 4; ++e) EXPECT_NEAR(single[e] / exact[e], 1.0, 1e-5) << e;
    }
  }
}

TEST(Convolutional, LayersAddUp) {
  // Θ is linear in what the layers contribute: all = below j + from j on, for every j.
  const ImageShape shape{2, 4, 5};
  const auto images = random_images(shape, 2, 9);
  ConvolutionalKernel kernel;
  kernel.convolutions = 4;
  const double all = gram<double>(kernel, shape, images)[1];
  kernel.set_trained("last");
  EXPECT_TRUE(kernel.is_nngp());
  const double last = gram<double>(kernel, shape, images)[1];
  kernel.first_trained = 0;
  kernel.last_trained = false;
  EXPECT_NEAR(gram<double>(kernel, shape, images)[1] + last, all, 1e-14 * all);
  kernel.first_trained = 4;
  EXPECT_EQ(gram<double>(kernel, shape, images)[1], 0.0);
}

TEST(Convolutional, BitsDoNotDependOnThePlace) {
  const ImageShape shape{1, 5, 7};
  const std::int64_t n = 23;
  const auto images = random_images(shape, n, 13);
  for (const auto readout : {Readout::flatten, Readout::global_average_pool}) {
    ConvolutionalKernel kernel;
    kernel.readout = readout;
    const auto once = gram<float>(kernel, shape, images, 32);
    EXPECT_EQ(once, gram<float>(kernel, shape, images, 1));
    EXPECT_EQ(once, gram<float>(kernel, shape, images, 5));
    std::vector<double> backwards;
    for (std::int64_t i = n; i-- > 0;) {
      backwards.insert(backwards.end(), images.begin() + i * 35, images.begin() + (i + 1) * 35);
    }
    const auto other = gram<float>(kernel, shape, backwards, 8);
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        EXPECT_EQ(once[static_cast<std::size_t>(i * n + j)],
                  other[static_cast<std::size_t>((n - 1 - i) * n + n - 1 - j)]);
      }
    }
  }
}

TEST(ConvolutionalTiles, LeaveOutPaddingAndTheLowerTriangle) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const ImageShape shape{1, 3, 3};
  const auto images = random_images(shape, 6, 17);
  const Samples<double> samples{images, shape};
  for (const auto readout : {Readout::flatten, Readout::global_average_pool}) {
    ConvolutionalKernel kernel;
    kernel.readout = readout;
    const auto full = gram<double>(kernel, shape, images);
    const auto tiles = Convolutional<double>(kernel).between(comm, samples, samples, 4);
    EXPECT_TRUE(tiles->symmetric());
    EXPECT_EQ(tiles->rows(), 6);
    std::vector<double> tile(16, -1.0);
    tiles->compute(1, 1, tile.data());
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < 4; ++j) {
        const bool counts = i <= j && j < 2;
        EXPECT_EQ(tile[i + 4 * j], counts ? full[(4 + i) * 6 + 4 + j] : 0.0) << i << ' ' << j;
      }
    }
    tiles->compute(0, 1, tile.data());
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(tile[i + 4], full[i * 6 + 5]);
  }
}

TEST(ConvolutionalTiles, StripsAreShortAndTouchTheirColumnsOnly) {
  EXPECT_EQ(strips_for(256, 1e-6), 1);
  EXPECT_EQ(strips_for(256, 1e-3), 8);
  EXPECT_EQ(strips_for(240, 1e-3), 6);
  EXPECT_EQ(strips_for(16, 100.0), 16);
  ConvolutionalKernel kernel;
  kernel.convolutions = 20;
  const ImageShape cifar{3, 32, 32};
  const std::vector<float> images(static_cast<std::size_t>(cifar.features()), 0.5F);
  const Samples<float> samples{images, cifar};
  const ConvolutionalTiles<float> tiles(kernel, samples, samples, 256);
  EXPECT_EQ(256 % tiles.strips(), 0);
  EXPECT_GT(tiles.strips(), 32);
  std::vector<float> tile(256 * 256, -1.0F);
  tiles.compute_strip(0, 0, 1, tile.data());
  const auto width = static_cast<std::size_t>(tiles.strip_columns());
  EXPECT_EQ(tile[width * 256 - 1], -1.0F);
  EXPECT_EQ(tile[width * 256], 0.0F);
  EXPECT_EQ(tile[2 * width * 256], -1.0F);
}

TEST(ConvolutionalKernel, RefusesWhatItCannotCompute) {
  const auto refused = [](auto change) {
    ConvolutionalKernel kernel;
    change(kernel);
    EXPECT_THROW(Convolutional<float>{kernel}, Error);
  };
  refused([](ConvolutionalKernel& k) { k.convolutions = 0; });
  refused([](ConvolutionalKernel& k) { k.kernel_size = 2; });
  refused([](ConvolutionalKernel& k) { k.kernel_size = 9; });
  refused([](ConvolutionalKernel& k) { k.weight_variance = 0; });
  refused([](ConvolutionalKernel& k) { k.bias_variance = -1; });
  refused([](ConvolutionalKernel& k) { k.first_trained = 4; });
  ConvolutionalKernel kernel;
  EXPECT_THROW(kernel.set_trained("some"), Error);
  EXPECT_THROW((void)readout_named("max"), Error);
  EXPECT_EQ(readout_named("gap"), Readout::global_average_pool);
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const std::vector<float> images(24);
  EXPECT_THROW((void)Convolutional<float>(kernel).between(comm, Samples<float>{images, {1, 2, 3}},
                                                          Samples<float>{images, {1, 3, 2}}, 4),
               Error);
}

TEST(ConvolutionalKernel, DescriptionTellsKernelsApart) {
  ConvolutionalKernel a;
  ConvolutionalKernel b;
  EXPECT_EQ(a.description(), b.description());
  b.set_trained("inner");
  EXPECT_NE(a.description(), b.description());
  b = a;
  b.readout = Readout::flatten;
  EXPECT_NE(a.description(), b.description());
}

}  // namespace
}  // namespace thalweg
