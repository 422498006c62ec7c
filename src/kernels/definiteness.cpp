#include "kernels/definiteness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "linalg/dense_symmetric.hpp"
#include "linalg/lanczos.hpp"

namespace thalweg {

namespace {
constexpr std::int64_t kWhole = 1024;
}

double GramRounding::of(std::int64_t n, double largest, double trace) const {
  return static_cast<double>(n) * epsilon * std::max(largest, 0.0) +
         element_error * std::max(trace, 0.0);
}

LeastEigenvalue least_eigenvalue(const Communicator& comm, const ColumnOperator& product,
                                 std::int64_t n, const GramRounding& rounding, double trace) {
  if (n <= kWhole) {
    std::vector<double> identity(static_cast<std::size_t>(n * n), 0.0);
    for (std::int64_t i = 0; i < n; ++i) identity[static_cast<std::size_t>(i + i * n)] = 1.0;
    std::vector<double> matrix(identity.size());
    product(identity, matrix);
    const auto values = dense_symmetric_eigen(std::move(matrix), n).values;
    const double zero = rounding.of(n, values.back(), trace);
    const auto null = std::upper_bound(values.begin(), values.end(), zero) - values.begin();
    return {values.front(), 0.0, values.back(), null};
  }
  const VectorSpace space(comm, n);
  std::vector<double> whole(static_cast<std::size_t>(n));
  const SymmetricOperator apply = [&](std::span<const double> v, std::span<double> slice) {
    product(v, whole);
    const auto mine = space.slice_of(std::span<const double>(whole));
    std::copy(mine.begin(), mine.end(), slice.begin());
  };
  LanczosOptions options;
  options.max_iterations = 100;
  options.tolerance = 1e-10;
  const LanczosResult result = lanczos_extremes(space, apply, options);
  return {result.smallest.front().value, result.smallest.front().residual,
          result.largest.front().value, -1};
}

bool is_positive(const LeastEigenvalue& least, std::int64_t n, double ridge, double trace,
                 const GramRounding& rounding) {
  return least.value - least.residual + ridge > rounding.of(n, least.largest, trace);
}

std::string not_positive_message(const LeastEigenvalue& least, std::int64_t n, double ridge,
                                 double trace, const GramRounding& rounding) {
  const double zero = rounding.of(n, least.largest, trace);
  const double enough = 2.0 * (std::max(-least.value, 0.0) + least.residual + zero);
  if (!std::isfinite(enough)) {
    return fmt::format(
        "the eigenvalues of K ({0} x {0}) are not finite (the least {1:.3e}, the largest {2:.3e}): "
        "the kernel's numbers or the samples are too large",
        n, least.value, least.largest);
  }
  const double mean_diagonal = trace / static_cast<double>(n);
  std::string text = fmt::format(
      "K + ridge I ({0} x {0}) is not positive definite to rounding: the least eigenvalue of K is "
      "lambda_min = {1:.3e} (residual {2:.1e}), the largest {3:.3e}, the ridge {4:.3e}",
      n, least.value, least.residual, least.largest, ridge);
  if (least.null_count > 0) {
    text += fmt::format(
        "; {} of {} eigenvalues are zero to rounding, as equal samples make them, or inputs of few "
        "dimensions",
        least.null_count, n);
  }
  text += fmt::format("; a ridge of {:.1e} would do ({:.1e} relative to the mean diagonal)", enough,
                      mean_diagonal > 0.0 ? enough / mean_diagonal : 0.0);
  if (rounding.epsilon > 1e-10) {
    text +=
        "; in float32 much of this is rounding: precision = \"mixed\" or \"float64\" may need "
        "none";
  }
  return text;
}

}  // namespace thalweg
