#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "kernels/convolutional_net_tiles.hpp"
#include "kernels/convolutional_tiles.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {
namespace {

using Kind = ConvolutionalLayer::Kind;
using Layer = ConvolutionalLayer;

double net_value(const ConvolutionalNetKernel& net, const ImageShape& shape,
                 const std::vector<double>& x, const std::vector<double>& z) {
  net.check(shape);
  return net_kernel(net, shape, x.data(), pixel_variances(net, shape, x.data()), z.data(),
                    pixel_variances(net, shape, z.data()));
}

std::vector<double> random_image(const ImageShape& shape, std::uint64_t index) {
  Stream stream(31, Purpose::test, index);
  std::vector<double> image(static_cast<std::size_t>(shape.features()));
  for (double& value : image) value = stream.normal();
  return image;
}

/// Upper triangle of one set of images through tiles, rows of it one after the other.
template <class Real>
std::vector<double> upper(const Kernel<Real>& kernel, const ImageShape& shape,
                          const std::vector<double>& images, std::int64_t block) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const std::vector<Real> rows(images.begin(), images.end());
  const Samples<Real> samples{rows, shape};
  const auto tiles = kernel.between(comm, samples, samples, block);
  std::vector<Real> tile(static_cast<std::size_t>(block * block));
  const std::int64_t n = samples.size();
  std::vector<double> values;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = i; j < n; ++j) {
      tiles->compute(i / block, j / block, tile.data());
      values.push_back(
          static_cast<double>(tile[static_cast<std::size_t>(i % block + j % block * block)]));
    }
  }
  return values;
}

TEST(ConvolutionalNet, AgreesWithTheFastPathWhereBothApply) {
  const ImageShape shape{3, 5, 4};
  std::vector<double> images;
  for (std::uint64_t i = 0; i < 3; ++i) {
    const auto image = random_image(shape, i);
    images.insert(images.end(), image.begin(), image.end());
  }
  for (const auto readout : {Readout::flatten, Readout::global_average_pool}) {
    for (const char* trained : {"all", "last", "inner"}) {
      for (const std::int64_t kernel_size : {1, 3, 5}) {
        ConvolutionalKernel kernel;
        kernel.kernel_size = kernel_size;
        kernel.readout = readout;
        kernel.bias_variance = 0.2;
        kernel.set_trained(trained);
        const auto fast = upper<double>(Convolutional<double>(kernel), shape, images, 2);
        const auto general =
            upper<double>(ConvolutionalNet<double>(net_of(kernel)), shape, images, 2);
        ASSERT_EQ(fast.size(), 6U);
        for (std::size_t e = 0; e < fast.size(); ++e) {
          EXPECT_NEAR(fast[e], general[e], 1e-12 * std::abs(general[e])) << kernel.description();
        }
      }
    }
  }
}

TEST(ConvolutionalNet, OnePixelIsTheFullyConnectedNetOfEveryActivation) {
  // σ_w = 1.5, σ_b = .05 on every dense layer, 2 hidden, x = (1, 2, 3), z = (−1, .5, 2).
  const std::vector<double> x{1, 2, 3};
  const std::vector<double> z{-1, .5, 2};
  ConvolutionalKernel kernel;
  kernel.convolutions = 2;
  kernel.kernel_size = 1;
  kernel.weight_variance = 2.25;
  kernel.bias_variance = .0025;
  const auto value = [&](Activation activation) {
    return net_value(net_of(kernel, activation), {3, 1, 1}, x, z);
  };
  EXPECT_NEAR(value(Activation::relu), 14.4018700458198, 1e-12);
  EXPECT_NEAR(value(Activation::erf), 2.314951387680629, 1e-12);
  EXPECT_NEAR(value(Activation::gelu), 14.02023762567141, 1e-12);
}

TEST(ConvolutionalNet, PoolingCommutesWithWhatIsLinear) {
  // Average pooling over the whole image is global average pooling, and pooling in two steps of 2
  // is pooling by 4.
  const ImageShape shape{2, 4, 4};
  const auto x = random_image(shape, 1);
  const auto z = random_image(shape, 2);
  const auto net = [&](std::vector<Layer> tail) {
    ConvolutionalNetKernel kernel;
    kernel.layers = {Layer::convolution(3, 1, 1), Layer::nonlinearity(Activation::relu)};
    kernel.layers.insert(kernel.layers.end(), tail.begin(), tail.end());
    kernel.layers.push_back(Layer::of(Kind::dense));
    return net_value(kernel, shape, x, z);
  };
  const double gap = net({Layer::of(Kind::global_average_pool)});
  EXPECT_NEAR(net({Layer::average_pool(4, 4), Layer::of(Kind::flatten)}), gap, 1e-14 * gap);
  EXPECT_NEAR(net({Layer::average_pool(2, 2), Layer::average_pool(2, 2), Layer::of(Kind::flatten)}),
              gap, 1e-14 * gap);
  EXPECT_NE(net({Layer::average_pool(2, 2), Layer::of(Kind::flatten)}), gap);
}

TEST(ConvolutionalNet, StrideTakesEverySecondPlace) {
  // A 1 × 1 convolution of stride 2 sees every second pixel: the net of the image without the
  // others.
  const ImageShape shape{3, 5, 4};
  const ImageShape small{3, 3, 2};
  const auto thin = [&](const std::vector<double>& image) {
    std::vector<double> kept;
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t y = 0; y < 5; y += 2) {
        for (std::size_t col = 0; col < 4; col += 2) kept.push_back(image[(c * 5 + y) * 4 + col]);
      }
    }
    return kept;
  };
  const auto x = random_image(shape, 3);
  const auto z = random_image(shape, 4);
  const auto net = [](std::int64_t stride) {
    ConvolutionalNetKernel kernel;
    kernel.layers = {Layer::convolution(1, stride, 0), Layer::nonlinearity(Activation::relu),
                     Layer::convolution(3, 1, 1),      Layer::nonlinearity(Activation::relu),
                     Layer::of(Kind::flatten),         Layer::of(Kind::dense)};
    return kernel;
  };
  const double strided = net_value(net(2), shape, x, z);
  EXPECT_NEAR(strided, net_value(net(1), small, thin(x), thin(z)), 1e-14 * strided);
}

/// A finite net of `width` channels: convolution 3 × 3 of stride 2, ReLU, average pool 2,
/// convolution 2 × 2, ReLU, flatten, dense; standard normal weights in the scaling of the kernel.
/// Mean over `nets` of f(x) f(z): the NNGP kernel.
double sampled_covariance(const ImageShape& shape, const std::vector<double>& x,
                          const std::vector<double>& z, std::int64_t width, std::int64_t nets) {
  const auto run = [&](const std::vector<double>& image, std::uint64_t index) {
    Stream weights(77, Purpose::test, index);
    const auto convolve = [&](const std::vector<double>& in, std::int64_t channels, std::int64_t h,
                              std::int64_t w, std::int64_t k, std::int64_t stride,
                              std::int64_t padding) {
      const std::int64_t out_h = (h + 2 * padding - k) / stride + 1;
      const std::int64_t out_w = (w + 2 * padding - k) / stride + 1;
      std::vector<double> out(static_cast<std::size_t>(width * out_h * out_w), 0.0);
      const double scale = std::sqrt(2.0 / static_cast<double>(channels * k * k));
      for (std::int64_t o = 0; o < width; ++o) {
        for (std::int64_t c = 0; c < channels; ++c) {
          for (std::int64_t d = 0; d < k * k; ++d) {
            const double weight = scale * weights.normal();
            for (std::int64_t p = 0; p < out_h * out_w; ++p) {
              const std::int64_t y = p / out_w * stride + d / k - padding;
              const std::int64_t col = p % out_w * stride + d % k - padding;
              if (y < 0 || y >= h || col < 0 || col >= w) continue;
              out[static_cast<std::size_t>(o * out_h * out_w + p)] +=
                  weight * in[static_cast<std::size_t>((c * h + y) * w + col)];
            }
          }
        }
      }
      for (double& value : out) value = std::max(value, 0.0);
      return out;
    };
    const auto first = convolve(image, shape.channels, 7, 7, 3, 2, 1);  // 4 × 4
    std::vector<double> pooled(static_cast<std::size_t>(width * 4));    // 2 × 2
    for (std::size_t c = 0; c < static_cast<std::size_t>(width); ++c) {
      for (std::size_t p = 0; p < 16; ++p) {
        pooled[c * 4 + p / 8 * 2 + p % 4 / 2] += .25 * first[c * 16 + p];
      }
    }
    const auto second = convolve(pooled, width, 2, 2, 2, 1, 0);  // 1 × 1
    double sum = 0.0;
    for (const double value : second) sum += weights.normal() * value;
    return sum * std::sqrt(2.0 / static_cast<double>(second.size()));
  };
  double sum = 0.0;
  for (std::int64_t net = 0; net < nets; ++net) {
    const auto index = static_cast<std::uint64_t>(net);
    sum += run(x, index) * run(z, index);
  }
  return sum / static_cast<double>(nets);
}

TEST(ConvolutionalNet, FiniteNetsHaveTheNngpCovariance) {
  const ImageShape shape{2, 7, 7};
  const auto x = random_image(shape, 5);
  auto z = random_image(shape, 6);
  for (std::size_t i = 0; i < z.size(); ++i) z[i] = .6 * x[i] + .8 * z[i];
  ConvolutionalNetKernel net;
  net.layers = {
      Layer::convolution(3, 2, 1), Layer::nonlinearity(Activation::relu), Layer::average_pool(2, 2),
      Layer::convolution(2, 1, 0), Layer::nonlinearity(Activation::relu), Layer::of(Kind::flatten),
      Layer::of(Kind::dense)};
  for (std::size_t l = 0; l + 1 < net.layers.size(); ++l) net.layers[l].trained = false;
  const double exact = net_value(net, shape, x, z);
  const double size = std::sqrt(net_value(net, shape, x, x) * net_value(net, shape, z, z));
  // Standard error of 2000 products of nearly Gaussian outputs: size · √((1 + ρ²)/2000) ≈ .027.
  EXPECT_NEAR(sampled_covariance(shape, x, z, 24, 2000) / size, exact / size, .12);
  EXPECT_GT(exact / size, .4);
}

TEST(ConvolutionalNet, TrainedLayersAddUp) {
  const ImageShape shape{3, 6, 6};
  const auto x = random_image(shape, 7);
  const auto z = random_image(shape, 8);
  ConvolutionalNetKernel net;
  net.bias_variance = .1;
  net.layers = {Layer::convolution(3, 1, 1),
                Layer::nonlinearity(Activation::relu),
                Layer::average_pool(2, 2),
                Layer::convolution(3, 1, 1),
                Layer::nonlinearity(Activation::leaky_relu),
                Layer::of(Kind::flatten),
                Layer::of(Kind::dense),
                Layer::nonlinearity(Activation::gelu),
                Layer::of(Kind::dense)};
  const double all = net_value(net, shape, x, z);
  double sum = 0.0;
  for (const std::size_t only : {0U, 3U, 6U, 8U}) {
    ConvolutionalNetKernel one = net;
    for (std::size_t l = 0; l < one.layers.size(); ++l) one.layers[l].trained = l == only;
    sum += net_value(one, shape, x, z);
  }
  EXPECT_NEAR(sum, all, 1e-13 * all);
}

TEST(ConvolutionalNet, BitsDoNotDependOnRanksOrTiles) {
  const ImageShape shape{3, 6, 5};
  std::vector<double> images;
  for (std::uint64_t i = 0; i < 5; ++i) {
    const auto image = random_image(shape, 20 + i);
    images.insert(images.end(), image.begin(), image.end());
  }
  ConvolutionalNetKernel net;
  net.layers = {Layer::convolution(3, 1, 1), Layer::nonlinearity(Activation::relu),
                Layer::average_pool(3, 2), Layer::of(Kind::global_average_pool),
                Layer::of(Kind::dense)};
  const auto values = upper<double>(ConvolutionalNet<double>(net), shape, images, 2);
  EXPECT_EQ(values, upper<double>(ConvolutionalNet<double>(net), shape, images, 4));
  std::size_t e = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = i; j < 5; ++j, ++e) {
      const auto at = [&](std::size_t s) {
        return std::vector<double>(images.begin() + static_cast<std::ptrdiff_t>(s * 90),
                                   images.begin() + static_cast<std::ptrdiff_t>(s * 90 + 90));
      };
      EXPECT_EQ(values[e], net_value(net, shape, at(i), at(j)));
    }
  }
}

TEST(ConvolutionalNet, RefusesLayersThatDoNotFit) {
  const ImageShape shape{3, 8, 8};
  const auto refused = [&](std::vector<Layer> layers) {
    ConvolutionalNetKernel net;
    net.layers = std::move(layers);
    EXPECT_THROW(net.check(shape), Error);
  };
  const Layer flat = Layer::of(Kind::flatten);
  const Layer dense = Layer::of(Kind::dense);
  refused({});
  refused({dense});
  refused({flat});
  refused({flat, flat, dense});
  refused({flat, dense, Layer::convolution(1, 1, 0), dense});
  refused({Layer::convolution(9, 1, 0), flat, dense});
  refused({Layer::convolution(3, 0, 1), flat, dense});
  refused({Layer::convolution(3, 1, 3), flat, dense});
  refused({Layer::average_pool(9, 1), flat, dense});
  ConvolutionalNetKernel net;
  net.layers = {flat, dense};
  net.check(shape);
  EXPECT_THROW(net.check({3, 224, 224}), Error);
  ConvolutionalKernel published;
  published.input_scaling = false;
  EXPECT_THROW((void)net_of(published), Error);
}

}  // namespace
}  // namespace thalweg
