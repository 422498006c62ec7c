#include "optimizers/optimizer.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "optimizers/adam.hpp"
#include "optimizers/descent.hpp"

namespace thalweg {

template <class Real>
std::unique_ptr<Optimizer<Real>> make_optimizer(const OptimizerOptions& options,
                                                std::int64_t slice_size) {
  if (options.type == "sgd" || options.type == "nesterov") {
    return make_descent<Real>(options.momentum, options.type == "nesterov", options.weight_decay,
                              slice_size);
  }
  if (options.type == "adam") {
    return make_adam<Real>(options.beta1, options.beta2, options.epsilon, options.weight_decay,
                           slice_size);
  }
  throw ConfigurationError(
      fmt::format("optimizer '{}' is not known; known: sgd, nesterov, adam", options.type));
}

template std::unique_ptr<Optimizer<float>> make_optimizer(const OptimizerOptions&, std::int64_t);
template std::unique_ptr<Optimizer<double>> make_optimizer(const OptimizerOptions&, std::int64_t);

}  // namespace thalweg
