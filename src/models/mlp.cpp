#include "models/mlp.hpp"

#include <fmt/format.h>

#include "models/activation.hpp"
#include "models/batch_norm.hpp"
#include "models/dense.hpp"

namespace thalweg {

template <class Real>
Network<Real> make_mlp(const MlpOptions& options) {
  std::vector<std::unique_ptr<Layer<Real>>> layers;
  std::int64_t from = options.inputs;
  const bool normalised = options.batch_norm != BatchNormKind::none;
  DenseOptions dense;
  dense.parametrization = options.parametrization;
  dense.weight_std = options.weight_std;
  dense.bias_std = options.bias_std;
  dense.initialisation = options.initialisation;
  const bool ntk = options.parametrization == Parametrization::ntk;
  if (ntk && normalised) throw Error("mlp: the NTK parametrisation has no batch norm");
  for (std::size_t l = 0; l < options.widths.size(); ++l) {
    const std::int64_t to = options.widths[l];
    dense.bias = ntk ? options.bias_std > 0.0 : !normalised;
    dense.gain = initialisation_gain(options.activation);
    layers.push_back(make_dense<Real>(from, to, dense, fmt::format("dense{}", l + 1)));
    if (normalised) {
      BatchNormOptions norm;
      norm.ghost_size = options.batch_norm == BatchNormKind::ghost ? options.ghost_size : 0;
      norm.relu = options.activation == "relu";
      layers.push_back(make_batch_norm<Real>(to, norm, fmt::format("norm{}", l + 1)));
    }
    if (!normalised || options.activation != "relu") {
      layers.push_back(make_activation<Real>(options.activation, to));
    }
    from = to;
  }
  dense.bias = !ntk || options.bias_std > 0.0;
  dense.gain = 1.0;
  layers.push_back(make_dense<Real>(from, options.outputs, dense,
                                    fmt::format("dense{}", options.widths.size() + 1)));
  return Network<Real>(std::move(layers));
}

template Network<float> make_mlp(const MlpOptions&);
template Network<double> make_mlp(const MlpOptions&);

}  // namespace thalweg
