#pragma once

#include <cstdint>

#include "kernels/sample_panels.hpp"

namespace thalweg {

// What inner products cannot say of nearly collinear or nearly equal inputs, for one column of a
// tile: the small differences come from the inputs themselves where rounding would take most of
// their digits. Which pairs those are, and their bits, depend on the two inputs and their product
// alone. Few are so close in most data (the cost is 3 features flops each); where all are, as in
// one dimension or far from the origin, all are done this way.

/// |x||z| − |x·z| for each sample x of a row panel and one sample z: from the norms and the
/// `products`, or, where that is below a 256th of |x||z|, as ½ |x||z| ‖x/|x| ∓ z/|z|‖². The angle
/// from collinear so has an absolute error of some 10 ε √features, equal inputs exactly 0. Local.
template <class Real>
void angle_gaps(const SamplePanels<Real>& rows, std::int64_t row, const Real* row_norms,
                const Real* z, Real norm, const Real* products, Real* gaps);

/// products ← ‖x − z‖² for each sample x of a row panel and one sample z: from the squared norms
/// and the products, or, where that is below a 256th of |x|² + |z|², by differences of coordinates:
/// a relative error of some 300 ε √features, equal inputs exactly 0. Local.
template <class Real>
void squared_distances(const SamplePanels<Real>& rows, std::int64_t row, const Real* row_squares,
                       const Real* z, Real square, Real* products);

}  // namespace thalweg
