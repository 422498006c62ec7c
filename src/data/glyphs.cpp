#include "data/glyphs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "base/philox.hpp"
#include "data/glyph_strokes.hpp"

namespace thalweg {

namespace {

// How much samples differ, in units of the image's half-width unless said otherwise. Chosen so that
// a 784-512-512-10 perceptron trained on 10,000 samples errs on a few per cent of the test set.
constexpr double kPointJitter = 0.035;  // standard deviation of a control point, in digit heights
constexpr double kBend = 0.06;          // amplitude of each wave of the elastic deformation
constexpr double kRotation = 0.16;      // standard deviation, radians
constexpr double kShear = 0.20;         // standard deviation
constexpr double kShift = 0.07;         // standard deviation
constexpr double kNoise = 0.06;         // standard deviation of a pixel, of full intensity

double bounded_normal(Stream& stream) {
  return std::clamp(stream.normal(), -2.5, 2.5);
}

/// Takes points of the digit to points of the image, [−1,1]²: bend, then turn, shear, stretch and
/// shift.
class Hand {
 public:
  explicit Hand(Stream& stream) {
    for (auto& wave : waves_) {
      const double direction = stream.uniform(0.0, 2.0 * std::numbers::pi);
      const double frequency = stream.uniform(1.5, 4.0);
      wave = {frequency * std::cos(direction), frequency * std::sin(direction),
              stream.uniform(0.0, 2.0 * std::numbers::pi), kBend * stream.normal(),
              kBend * stream.normal()};
    }
    const double angle = kRotation * bounded_normal(stream);
    const double shear = kShear * bounded_normal(stream);
    const double width = stream.uniform(0.36, 0.60);
    const double height = stream.uniform(0.56, 0.76);
    xx_ = std::cos(angle) * width;
    xy_ = (-std::sin(angle) - shear) * height;
    yx_ = std::sin(angle) * width;
    yy_ = std::cos(angle) * height;
    x0_ = kShift * bounded_normal(stream);
    y0_ = kShift * bounded_normal(stream);
  }

  [[nodiscard]] Point operator()(Point p) const {
    const double u = 2.0 * p.x - 1.0;
    const double v = 2.0 * p.y - 1.0;
    double x = u;
    double y = v;
    for (const auto& wave : waves_) {
      const double s = std::sin(wave.kx * u + wave.ky * v + wave.phase);
      x += wave.ax * s;
      y += wave.ay * s;
    }
    return {xx_ * x + xy_ * y + x0_, yx_ * x + yy_ * y + y0_};
  }

 private:
  struct Wave {
    double kx, ky, phase, ax, ay;
  };
  std::array<Wave, 3> waves_{};
  double xx_, xy_, yx_, yy_, x0_, y0_;
};

/// Squared distances of the pixels' centres from all strokes, in pixels², up to a reach.
class DistanceField {
 public:
  DistanceField(std::int64_t size, double reach)
      : size_(size),
        reach_(reach),
        squares_(static_cast<std::size_t>(size * size), std::numeric_limits<double>::infinity()) {}

  void add_segment(Point a, Point b) {
    const double dx = b.x - a.x;
    const double dy = b.y - a.y;
    const double length_squared = dx * dx + dy * dy;
    const double inverse = length_squared > 0.0 ? 1.0 / length_squared : 0.0;
    const auto [x_first, x_last] = pixels(std::min(a.x, b.x), std::max(a.x, b.x));
    const auto [y_first, y_last] = pixels(std::min(a.y, b.y), std::max(a.y, b.y));
    for (std::int64_t row = y_first; row <= y_last; ++row) {
      const double py = static_cast<double>(row) + 0.5 - a.y;
      double* squares = squares_.data() + row * size_;
      for (std::int64_t column = x_first; column <= x_last; ++column) {
        const double px = static_cast<double>(column) + 0.5 - a.x;
        const double t = std::min(std::max((px * dx + py * dy) * inverse, 0.0), 1.0);
        const double ex = px - t * dx;
        const double ey = py - t * dy;
        squares[column] = std::min(squares[column], ex * ex + ey * ey);
      }
    }
  }

  [[nodiscard]] double at(std::size_t pixel) const { return squares_[pixel]; }

 private:
  /// First and last pixel whose centre may be within reach of [low, high]; none if first > last.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> pixels(double low, double high) const {
    const auto edge = static_cast<double>(size_ - 1);
    return {static_cast<std::int64_t>(std::clamp(std::floor(low - reach_ - 0.5), 0.0, edge + 1.0)),
            static_cast<std::int64_t>(std::clamp(std::ceil(high + reach_ - 0.5), -1.0, edge))};
  }

  std::int64_t size_;
  double reach_;
  std::vector<double> squares_;
};

/// Nearly normal, mean 0, variance 1: the sum of the four bytes of one draw.
double quick_noise(Stream& stream) {
  const std::uint32_t bits = stream.next_u32();
  const std::uint32_t sum =
      (bits & 255U) + ((bits >> 8) & 255U) + ((bits >> 16) & 255U) + (bits >> 24);
  constexpr double deviation = 147.80054127;  // of four bytes: sqrt(4·(256² − 1)/12)
  return (static_cast<double>(sum) - 510.0) / deviation;
}

}  // namespace

std::int32_t Glyphs::label(std::int64_t index) const {
  Stream stream(seed_, Purpose::glyphs, static_cast<std::uint64_t>(index));
  return static_cast<std::int32_t>(stream.below(classes));
}

void Glyphs::draw(std::int64_t index, std::span<std::uint8_t> pixels) const {
  Stream stream(seed_, Purpose::glyphs, static_cast<std::uint64_t>(index));
  const auto digit = static_cast<std::int32_t>(stream.below(classes));
  const auto strokes = digit_strokes(digit, stream);
  const Hand hand(stream);
  const double half = 0.5 * static_cast<double>(size_);
  const double radius = stream.uniform(0.045, 0.115) * half;     // of the pen
  const double soft = stream.uniform(0.03, 0.07) * half + 0.25;  // half-width of its edge
  const double ink = stream.uniform(0.65, 1.0);
  const double paper = stream.uniform(0.0, 0.08);

  DistanceField field(size_, radius + soft);
  for (Stroke stroke : strokes) {
    for (auto& point : stroke.points) {
      point.x += kPointJitter * stream.normal();
      point.y += kPointJitter * stream.normal();
    }
    auto corners = flatten(stroke);
    for (auto& corner : corners) {
      const Point p = hand(corner);
      corner = {half * (p.x + 1.0), half * (p.y + 1.0)};
    }
    for (std::size_t k = 0; k + 1 < corners.size(); ++k)
      field.add_segment(corners[k], corners[k + 1]);
  }

  const double near = std::max(radius - soft, 0.0);
  const double far = radius + soft;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    double cover = 0.0;
    if (field.at(i) < far * far) {
      const double distance = std::sqrt(field.at(i));
      const double t = std::min((far - distance) / (far - near), 1.0);
      cover = t * t * (3.0 - 2.0 * t);
    }
    const double grey = paper + (ink - paper) * cover + kNoise * quick_noise(stream);
    pixels[i] = static_cast<std::uint8_t>(std::floor(std::clamp(grey, 0.0, 1.0) * 255.0 + 0.5));
  }
}

}  // namespace thalweg
