#include "data/glyph_strokes.hpp"

#include <algorithm>
#include <array>

namespace thalweg {

namespace {

using Writing = std::vector<Stroke>;

/// Each digit's ways of writing.
const std::array<std::vector<Writing>, 10>& alphabet() {
  constexpr bool smooth = true;
  constexpr bool straight = false;
  static const std::array<std::vector<Writing>, 10> digits{{
      // 0
      {{{smooth,
         {{.5, 0},
          {.2, .15},
          {.1, .5},
          {.2, .85},
          {.5, 1},
          {.8, .85},
          {.9, .5},
          {.8, .15},
          {.5, 0}}}}},
      // 1: bare, with a flag, with flag and foot
      {{{straight, {{.5, 0}, {.5, 1}}}},
       {{straight, {{.28, .22}, {.55, 0}, {.55, 1}}}},
       {{straight, {{.3, .2}, {.52, 0}, {.52, 1}}}, {straight, {{.25, 1}, {.8, 1}}}}},
      // 2: with a straight foot, with a loop
      {{{smooth, {{.14, .26}, {.3, .05}, {.58, 0}, {.84, .2}, {.76, .47}, {.45, .74}, {.12, 1}}},
        {straight, {{.12, 1}, {.9, 1}}}},
       {{smooth,
         {{.14, .22},
          {.35, .02},
          {.68, .03},
          {.82, .28},
          {.6, .62},
          {.3, .92},
          {.12, .92},
          {.2, .78},
          {.45, .9},
          {.68, 1},
          {.92, .92}}}}},
      // 3: round, with a flat top
      {{{smooth, {{.15, .12}, {.45, 0}, {.8, .14}, {.74, .38}, {.42, .47}}},
        {smooth, {{.42, .47}, {.78, .56}, {.88, .78}, {.6, .99}, {.12, .88}}}},
       {{straight, {{.15, 0}, {.82, 0}, {.45, .4}}},
        {smooth, {{.45, .4}, {.8, .5}, {.88, .76}, {.6, .99}, {.12, .9}}}}},
      // 4: closed, open
      {{{straight, {{.66, 1}, {.66, 0}, {.1, .68}, {.94, .68}}}},
       {{straight, {{.24, .02}, {.14, .54}, {.88, .54}}}, {straight, {{.74, .04}, {.68, 1}}}}},
      // 5
      {{{straight, {{.84, 0}, {.28, 0}, {.22, .44}}},
        {smooth, {{.22, .44}, {.54, .37}, {.86, .56}, {.8, .88}, {.45, 1}, {.12, .9}}}}},
      // 6: with a curved and with a straight back
      {{{smooth,
         {{.74, .03},
          {.38, .2},
          {.16, .6},
          {.26, .92},
          {.56, 1},
          {.83, .84},
          {.76, .58},
          {.5, .5},
          {.2, .7}}}},
       {{smooth,
         {{.52, 0},
          {.28, .38},
          {.15, .74},
          {.34, .98},
          {.66, .97},
          {.82, .76},
          {.62, .56},
          {.3, .62},
          {.17, .78}}}}},
      // 7: plain, crossed
      {{{straight, {{.12, 0}, {.88, 0}, {.4, 1}}}},
       {{straight, {{.12, .02}, {.88, 0}, {.42, 1}}}, {straight, {{.32, .5}, {.82, .5}}}}},
      // 8
      {{{smooth,
         {{.5, .47},
          {.22, .24},
          {.5, 0},
          {.78, .24},
          {.5, .47},
          {.16, .75},
          {.5, 1},
          {.84, .75},
          {.5, .47}}}},
       {{smooth,
         {{.78, .14},
          {.5, 0},
          {.22, .2},
          {.5, .46},
          {.82, .76},
          {.5, 1},
          {.18, .76},
          {.5, .46},
          {.78, .14}}}}},
      // 9: with a straight and with a curved back
      {{{smooth, {{.78, .28}, {.5, 0}, {.2, .24}, {.42, .54}, {.78, .28}}},
        {straight, {{.8, .12}, {.7, 1}}}},
       {{smooth, {{.8, .28}, {.5, 0}, {.18, .26}, {.46, .54}, {.8, .28}}},
        {smooth, {{.8, .22}, {.82, .6}, {.62, .95}, {.24, .96}}}}},
  }};
  return digits;
}

Point spline(Point a, Point b, Point c, Point d, double t) {
  const auto value = [t](double p, double q, double r, double s) {
    return q +
           0.5 * t *
               ((r - p) + t * ((2.0 * p - 5.0 * q + 4.0 * r - s) + t * (3.0 * (q - r) + s - p)));
  };
  return {value(a.x, b.x, c.x, d.x), value(a.y, b.y, c.y, d.y)};
}

}  // namespace

std::span<const Stroke> digit_strokes(std::int32_t digit, Stream& stream) {
  const auto& writings = alphabet()[static_cast<std::size_t>(digit)];
  return writings[stream.below(writings.size())];
}

std::vector<Point> flatten(const Stroke& stroke) {
  const auto& points = stroke.points;
  if (!stroke.smooth) return points;
  constexpr int pieces = 4;
  const std::size_t last = points.size() - 1;
  std::vector<Point> corners{points.front()};
  for (std::size_t k = 0; k < last; ++k) {
    const Point before = points[k == 0 ? 0 : k - 1];
    const Point after = points[std::min(k + 2, last)];
    for (int piece = 1; piece <= pieces; ++piece) {
      corners.push_back(
          spline(before, points[k], points[k + 1], after, static_cast<double>(piece) / pieces));
    }
  }
  return corners;
}

}  // namespace thalweg
