#include "optimizers/options.hpp"

#include <type_traits>

#include "base/error.hpp"

namespace thalweg {

OptimizerOptions::OptimizerOptions(const std::string& kind_name)
    : type(kind_name), values(optimizer_kind(kind_name).keys) {
  if (values.has("weight_decay")) weight_decay = values.number("weight_decay");
}

FlowOptions OptimizerOptions::flow() const {
  return {.relative_tolerance = values.number("relative_tolerance"),
          .absolute_tolerance = values.number("absolute_tolerance")};
}

std::optional<double> OptimizerOptions::stability_threshold(double learning_rate) const {
  const auto& threshold = kind().threshold;
  if (sharpness_aware != "none" || threshold == nullptr) return std::nullopt;
  return threshold(values, learning_rate);
}

template <class Real>
std::unique_ptr<Optimizer<Real>> make_optimizer(const OptimizerOptions& options,
                                                const VectorSpace& space,
                                                std::vector<ParameterBlock> blocks) {
  if (options.is_flow()) throw ConfigurationError("a flow is not an Optimizer but a FlowStep");
  const auto& make = std::get<OptimizerKind::Make<Real>>(options.kind().make);
  return make(options.values, {space, complete_blocks(std::move(blocks), space.dimension()),
                               options.weight_decay, options.decay_normalisation});
}

template std::unique_ptr<Optimizer<float>> make_optimizer(const OptimizerOptions&,
                                                          const VectorSpace&,
                                                          std::vector<ParameterBlock>);
template std::unique_ptr<Optimizer<double>> make_optimizer(const OptimizerOptions&,
                                                           const VectorSpace&,
                                                           std::vector<ParameterBlock>);

double default_radius(const std::string& sharpness_aware) {
  return sharpness_aware == "asam" ? 0.5 : 0.05;
}

}  // namespace thalweg
