#include "objectives/analytic/objective_settings.hpp"

#include <fmt/format.h>

#include <string>

namespace thalweg {

const std::vector<Key>& common_objective_keys() {
  static const std::vector<Key> keys{
      {"start", std::vector<double>{}, {}, "where runs begin; []: Gaussian, drawn by their seed"},
      {"start_deviation", 1.0, {.least = 0.0}, "of each element of a drawn start"},
      {"gradient_noise",
       0.0,
       {.least = 0.0},
       "deviation of Gaussian noise added to each element of every step's gradient"}};
  return keys;
}

ObjectiveSpec read_objective(const Settings& table) {
  const ObjectiveKind& kind = named_kind(objective_kinds(), table);
  const Values common(table, common_objective_keys());
  return {.kind = &kind,
          .values = std::make_shared<const Values>(table, kind.keys),
          .table = table,
          .start = common.numbers("start"),
          .start_deviation = common.number("start_deviation"),
          .gradient_noise = common.number("gradient_noise")};
}

ObjectiveShape ObjectiveSpec::shape() const {
  const ObjectiveShape shape = kind->shape(*values, table);
  if (!start.empty() && static_cast<std::int64_t>(start.size()) != shape.dimension) {
    table.fail("start", fmt::format("found {} numbers, expected {}, as {} has", start.size(),
                                    shape.dimension, kind->name));
  }
  return shape;
}

}  // namespace thalweg
