#include "optimizers/optimizer.hpp"

#include "base/error.hpp"
#include "optimizers/first_order/adadelta.hpp"
#include "optimizers/first_order/adagrad.hpp"
#include "optimizers/first_order/adam.hpp"
#include "optimizers/first_order/descent.hpp"
#include "optimizers/first_order/grouped_rmsprop.hpp"
#include "optimizers/first_order/lars.hpp"
#include "optimizers/first_order/rmsprop.hpp"

namespace thalweg {

template <class Real>
std::unique_ptr<Optimizer<Real>> make_optimizer(const OptimizerOptions& options,
                                                const VectorSpace& space,
                                                std::vector<ParameterBlock> blocks) {
  const std::string& type = optimizer_kind(options.type).type();
  if (options.is_flow()) throw ConfigurationError("a flow is not an Optimizer but a FlowStep");
  blocks = complete_blocks(std::move(blocks), space.dimension());
  if (type == "lars") return make_lars<Real>(options, space, std::move(blocks));
  const std::int64_t size = space.slice().size();
  auto stretches =
      decay_stretches(blocks, space.slice(), options.weight_decay, options.decay_normalisation);
  if (type == "adagrad") return make_adagrad<Real>(options, std::move(stretches), size);
  if (type == "adadelta") return make_adadelta<Real>(options, std::move(stretches), size);
  if (type == "rmsprop") return make_rmsprop<Real>(options, std::move(stretches), size);
  if (type == "adam" || type == "adamw")
    return make_adam<Real>(options, std::move(stretches), size);
  if (type == "grouped_rmsprop")
    return make_grouped_rmsprop<Real>(options, space, std::move(stretches));
  return make_descent<Real>(options.momentum, type == "nesterov", std::move(stretches), size);
}

template std::unique_ptr<Optimizer<float>> make_optimizer(const OptimizerOptions&,
                                                          const VectorSpace&,
                                                          std::vector<ParameterBlock>);
template std::unique_ptr<Optimizer<double>> make_optimizer(const OptimizerOptions&,
                                                           const VectorSpace&,
                                                           std::vector<ParameterBlock>);

}  // namespace thalweg
