#pragma once

#include <memory>

#include "landscape/audit_settings.hpp"
#include "landscape/landscape_work.hpp"

namespace thalweg {

/// Every [[probe]] of a run at points that compute the same function as its end, (θ_1, θ_2) →
/// (αθ_1, θ_2/α) or filters scaled in front of batch norm (Dinh et al. 2017, 1703.04933): a measure
/// that changes says something of the parameters, not of the function. Batch norm's statistics are
/// re-estimated at every point. Becomes /audits/NAME.
template <class Real>
std::unique_ptr<LandscapeWork<Real>> make_audit(const AuditSpec& plan);

}  // namespace thalweg
