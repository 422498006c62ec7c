#pragma once

#include <cstdint>
#include <span>

#include "kernels/local_ridge.hpp"

namespace thalweg {

/// How good outputs are as one-hot minus 1/classes.
struct KernelScore {
  double accuracy = 0.0;  ///< fraction whose largest output (of equal ones the first) is the class
  double loss = 0.0;      ///< mean of ½‖f − y‖²
};

/// Local. Of `outputs`, samples × classes, row-major.
[[nodiscard]] KernelScore score(std::span<const double> outputs,
                                std::span<const std::int32_t> labels, std::int64_t classes);

/// Local. Leave-one-out in closed form: y_i − f₋ᵢ(x_i) = α_i / [(K + λI)⁻¹]_ii (Rasmussen
/// and Williams 2006, eq. 5.12). `solution` α is n × classes, column-major; `inverse_diagonal` has
/// n elements.
[[nodiscard]] LeaveOneOutScore leave_one_out_score(std::span<const double> solution,
                                                   std::span<const double> inverse_diagonal,
                                                   std::span<const std::int32_t> labels,
                                                   std::int64_t classes);

}  // namespace thalweg
