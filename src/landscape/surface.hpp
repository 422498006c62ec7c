#pragma once

#include <memory>

#include "landscape/landscape_work.hpp"
#include "landscape/surface_settings.hpp"

namespace thalweg {

/// Losses and accuracies on a grid of points around the end of a run (Li et al. 2018; Goodfellow
/// et al. 2015). Becomes /surfaces/NAME, row by row along y, and surfaces/NAME.h5 in the form that
/// plotting scripts of loss surfaces read. The centre is the run's end exactly: with frozen
/// statistics and all samples its loss is the run's last training loss, bit for bit.
template <class Real>
std::unique_ptr<LandscapeWork<Real>> make_surface(const SurfaceSpec& plan);

}  // namespace thalweg
