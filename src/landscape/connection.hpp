#pragma once

#include <memory>

#include "landscape/connection_settings.hpp"
#include "landscape/landscape_work.hpp"

namespace thalweg {

/// Losses and accuracies along a path between the ends of two runs, straight, bent by formula or
/// trained, batch norm's statistics re-estimated at every point; and its barrier,
/// max_t [f(φ(t)) − ((1 − t) f(w_0) + t f(w_1))], of the loss and of the share of errors. Becomes
/// /connections/NAME, and connections/NAME.h5 with the control points.
template <class Real>
std::unique_ptr<LandscapeWork<Real>> make_connection(const ConnectionSpec& plan);

}  // namespace thalweg
