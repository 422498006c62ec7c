#pragma once

#include <memory>

#include "optimizers/optimizer.hpp"

namespace thalweg {

/// Gradient descent with momentum, all parameters with the same decay. Polyak: v ← βv + g,
/// w ← w − ηv. Nesterov (Sutskever et al. 2013, in the form of the step taken at the look-ahead
/// point): v ← βv + g, w ← w − η(g + βv). β = 0 is plain descent and keeps no state. Local.
template <class Real>
std::unique_ptr<Optimizer<Real>> make_descent(double momentum, bool nesterov, double weight_decay,
                                              std::int64_t slice_size);

}  // namespace thalweg
