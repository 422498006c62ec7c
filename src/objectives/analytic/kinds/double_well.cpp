#include <cmath>
#include <memory>
#include <vector>

#include "objectives/analytic/analytic.hpp"
#include "objectives/analytic/objective_kinds.hpp"

namespace thalweg {

namespace {

/// x₀⁴ − 2x₀² + Σ a_i x_i²: a saddle at 0, where the Hessian is diag(−4, 2a_1, …), between minima
/// of value −1 at x₀ = ±1, where it is diag(8, 2a_1, …).
AnalyticObjective::Formulas double_well(std::vector<double> curvatures) {
  return {[a = curvatures](std::span<const double> x) {
            double sum = x[0] * x[0] * (x[0] * x[0] - 2.0);
            for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * x[i + 1] * x[i + 1];
            return sum;
          },
          [a = curvatures](std::span<const double> x, std::span<double> gradient) {
            gradient[0] = 4.0 * x[0] * (x[0] * x[0] - 1.0);
            for (std::size_t i = 0; i < a.size(); ++i) gradient[i + 1] = 2.0 * a[i] * x[i + 1];
          },
          [a = curvatures](std::span<const double> x, std::span<const double> v,
                           std::span<double> product) {
            product[0] = (12.0 * x[0] * x[0] - 4.0) * v[0];
            for (std::size_t i = 0; i < a.size(); ++i) product[i + 1] = 2.0 * a[i] * v[i + 1];
          }};
}

}  // namespace

ObjectiveKind double_well_kind() {
  return {{{"double_well",
            "x₀⁴ − 2x₀² + Σ a_i x_i²: a saddle at 0 between two minima at x₀ = ±1",
            {{"curvatures",
              std::vector<double>{1.0},
              {.least = 0.0},
              "a_1, a_2, …: as many further coordinates"}}},
           [](const Values& values, const Communicator& team) {
             const auto& curvatures = values.numbers("curvatures");
             return std::make_unique<AnalyticObjective>(
                 team, static_cast<std::int64_t>(curvatures.size()) + 1, double_well(curvatures));
           }},
          [](const Values& values, const Settings& /*table*/) {
            const auto& curvatures = values.numbers("curvatures");
            return ObjectiveShape{static_cast<std::int64_t>(curvatures.size()) + 1, 0};
          }};
}

}  // namespace thalweg
