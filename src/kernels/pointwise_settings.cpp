#include "kernels/pointwise_settings.hpp"

#include <fmt/format.h>

namespace thalweg {

PointwiseKernel pointwise_kernel(const Settings& table, PointwiseForm form) {
  PointwiseKernel kernel;
  kernel.form = form;
  if (kernel.has_length_scale()) {
    if (table.has("length_scale")) {
      kernel.length_scale = table.positive("length_scale", 1.0);
    } else {
      kernel.median_factor = table.positive("median_factor", 1.0);
    }
  }
  if (form == PointwiseForm::arccos) {
    kernel.degree = table.integer_at_least("degree", 0, 1);
    if (kernel.degree > 2) {
      table.fail("degree", fmt::format("found {}, expected 0, 1 or 2", kernel.degree));
    }
    kernel.depth = table.integer_at_least("depth", 1, 1);
  }
  if (form == PointwiseForm::polynomial) {
    kernel.degree = table.integer_at_least("degree", 1, 3);
    if (table.has("gamma")) kernel.gamma = table.positive("gamma", 1.0);
    kernel.constant = table.number_at_least("constant", 0.0, 1.0);
  }
  return kernel;
}

}  // namespace thalweg
