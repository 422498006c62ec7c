#include "data/label_noise.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/philox.hpp"

namespace thalweg {

namespace {

template <class Draw>
std::vector<std::int32_t> redrawn(std::span<const std::int32_t> labels, double p,
                                  std::uint64_t seed, const Draw& draw) {
  if (!(p >= 0.0 && p <= 1.0)) {
    throw Error(fmt::format("label noise: found a probability of {}, expected 0 to 1", p));
  }
  std::vector<std::int32_t> noisy(labels.begin(), labels.end());
  for (std::size_t i = 0; i < noisy.size(); ++i) {
    Stream stream(seed, Purpose::labels, i);
    if (stream.uniform() < p) noisy[i] = draw(stream, labels[i]);
  }
  return noisy;
}

}  // namespace

std::vector<std::int32_t> with_random_labels(std::span<const std::int32_t> labels,
                                             std::int64_t classes, double p, std::uint64_t seed) {
  return redrawn(labels, p, seed, [classes](Stream& stream, std::int32_t /*label*/) {
    return static_cast<std::int32_t>(stream.below(static_cast<std::uint64_t>(classes)));
  });
}

std::vector<std::int32_t> with_label_noise(std::span<const std::int32_t> labels,
                                           std::int64_t classes, double p, std::uint64_t seed) {
  if (classes < 2) throw Error("label noise: there is one class alone, and so no other to draw");
  return redrawn(labels, p, seed, [classes](Stream& stream, std::int32_t label) {
    const auto other = stream.below(static_cast<std::uint64_t>(classes) - 1);
    return static_cast<std::int32_t>(other) + (static_cast<std::int32_t>(other) >= label ? 1 : 0);
  });
}

}  // namespace thalweg
