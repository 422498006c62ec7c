#pragma once

#include <memory>

#include "landscape/landscape_work.hpp"
#include "landscape/slice_settings.hpp"

namespace thalweg {

/// The loss along the line through two runs' final parameters, α x_to + (1 − α) x_from at equally
/// spaced α, the end points exact (Goodfellow et al. 2015; Keskar et al.). Batch norm's statistics
/// are taken anew from the whole training set at every point: the running averages of neither end
/// belong to it. Becomes /slices/NAME.
template <class Real>
std::unique_ptr<LandscapeWork<Real>> make_slice(const SliceSpec& plan);

}  // namespace thalweg
