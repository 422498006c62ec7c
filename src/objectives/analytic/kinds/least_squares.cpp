#include "objectives/analytic/least_squares.hpp"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "base/philox.hpp"
#include "objectives/analytic/objective_kinds.hpp"

namespace thalweg {

ObjectiveKind least_squares_kind() {
  return {
      {{"least_squares",
        "1/(2n) Σ (a_i·x − b_i)² of Gaussian rows: from 0, descent on batches of any size tends to "
        "the solution of least norm",
        {{"samples", std::int64_t{20}, {.least = 1.0}, "n"},
         {"features",
          std::int64_t{40},
          {.least = 1.0},
          "length of x; more than n: underdetermined"},
         {"targets",
          std::string("random"),
          {.words = {"random", "planted"}},
          "b_i drawn by themselves, or a_i·w of a Gaussian w over the root of its length"},
         {"target_noise", 0.0, {.least = 0.0}, "deviation of what is added to planted targets"},
         {"instance", std::int64_t{0}, {.least = 0.0}, "what rows and targets are drawn by"}}},
       [](const Values& values, const Communicator& team) {
         const auto samples = static_cast<std::size_t>(values.integer("samples"));
         const auto features = static_cast<std::size_t>(values.integer("features"));
         const auto instance = static_cast<std::uint64_t>(values.integer("instance"));
         const bool planted = values.string("targets") == "planted";
         Stream stream(instance, Purpose::objective, 1);
         Stream of_targets(instance, Purpose::objective, 2);
         std::vector<double> rows(samples * features);
         for (auto& element : rows) element = stream.normal();
         std::vector<double> w(features, 0.0);
         if (planted) {
           for (auto& element : w) {
             element = of_targets.normal() / std::sqrt(static_cast<double>(features));
           }
         }
         std::vector<double> targets(samples);
         for (std::size_t i = 0; i < samples; ++i) {
           const double drawn = of_targets.normal();
           targets[i] = planted ? values.number("target_noise") * drawn : drawn;
           for (std::size_t j = 0; j < features; ++j) targets[i] += rows[i * features + j] * w[j];
         }
         return std::make_unique<LeastSquares>(team, std::move(rows), std::move(targets));
       }},
      [](const Values& values, const Settings& table) {
        const ObjectiveShape shape{values.integer("features"), values.integer("samples")};
        constexpr double most = 1e8;  // rows are stored by every rank
        if (static_cast<double>(shape.samples) * static_cast<double>(shape.dimension) > most) {
          table.fail("samples", fmt::format("found {} of {} features, expected at most {} numbers",
                                            shape.samples, shape.dimension, most));
        }
        return shape;
      }};
}

}  // namespace thalweg
