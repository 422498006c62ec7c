#include "models/initialisation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace thalweg {

namespace {

template <class Real>
void fill_uniform(double bound, std::span<Real> values, Stream& stream) {
  for (auto& value : values) value = static_cast<Real>(stream.uniform(-bound, bound));
}

double variance_of(const std::string& name, const Fan& fan) {
  const auto in = static_cast<double>(fan.in);
  if (name.starts_with("he_")) return fan.gain / in;
  if (name.starts_with("lecun_")) return 1.0 / in;
  if (name.starts_with("glorot_")) return 2.0 / (in + static_cast<double>(fan.out));
  if (name == "pytorch") return 1.0 / (3.0 * in);
  throw Error(fmt::format("initialisation '{}' is not known", name));
}

}  // namespace

const std::vector<std::string>& initialisation_names() {
  static const std::vector<std::string> names{"he_normal",     "he_uniform",    "lecun_normal",
                                              "lecun_uniform", "glorot_normal", "glorot_uniform",
                                              "pytorch"};
  return names;
}

template <class Real>
void initialise_weights(const std::string& name, const Fan& fan, std::span<Real> weights,
                        Stream& stream) {
  const double variance = variance_of(name, fan);
  if (!name.ends_with("_normal")) {
    fill_uniform(std::sqrt(3.0 * variance), weights, stream);
    return;
  }
  const double deviation = std::sqrt(variance);
  for (auto& weight : weights) weight = static_cast<Real>(deviation * stream.normal());
}

template <class Real>
void initialise_biases(const std::string& name, const Fan& fan, std::span<Real> biases,
                       Stream& stream) {
  if (name == "pytorch") {
    fill_uniform(1.0 / std::sqrt(static_cast<double>(fan.in)), biases, stream);
  } else {
    std::fill(biases.begin(), biases.end(), Real{0});
  }
}

template void initialise_weights<float>(const std::string&, const Fan&, std::span<float>, Stream&);
template void initialise_weights<double>(const std::string&, const Fan&, std::span<double>,
                                         Stream&);
template void initialise_biases<float>(const std::string&, const Fan&, std::span<float>, Stream&);
template void initialise_biases<double>(const std::string&, const Fan&, std::span<double>, Stream&);

}  // namespace thalweg
